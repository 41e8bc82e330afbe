import { createAsyncContext } from '../gate/transaction-context.ts';

interface Uncaptured {
  readonly uncaptured: true;
}

const context = createAsyncContext<Uncaptured>();

/** True within {@link runUncaptured}. */
export const isUncaptured = (): boolean => context.current() !== undefined;

/**
 * Runs `fn` without capturing its writes or those of work that it starts. Needs AsyncLocalStorage; has no effect
 * elsewhere.
 */
export const runUncaptured = <T>(fn: () => T): T => context.run({ uncaptured: true }, fn);

/** False on platforms without async context: browsers. */
export const hasAsyncContext = (): boolean => runUncaptured(isUncaptured);
