import { createAsyncContext } from '../gate/transaction-context.ts';

interface Uncaptured {
  readonly uncaptured: true;
}

const context = createAsyncContext<Uncaptured>();

/** True inside of {@link runUncaptured}. */
export const isUncaptured = (): boolean => context.current() !== undefined;

/**
 * Runs `fn`; what it writes, and what it starts, is not captured. Needs AsyncLocalStorage, elsewhere it has no effect.
 */
export const runUncaptured = <T>(fn: () => T): T => context.run({ uncaptured: true }, fn);

/** False where nothing can tell whose statement one is: browsers. */
export const hasAsyncContext = (): boolean => runUncaptured(isUncaptured);
