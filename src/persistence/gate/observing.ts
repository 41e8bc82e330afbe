import type { Observed } from './gate-port.ts';
import type { AsyncContext } from './transaction-context.ts';

/** Runs `work` in a scope that records the number of commits at each of its statements. */
export async function observing<Scope, T>(
  context: AsyncContext<Scope>,
  scopeOf: (note: (commits: number) => void) => Scope,
  work: () => Promise<T>,
): Promise<Observed<T>> {
  let span: { readonly first: number; readonly last: number } | undefined;
  const scope = scopeOf((commits) => {
    // Concurrent statements may end in another order than they began.
    span = { first: Math.min(span?.first ?? commits, commits), last: Math.max(span?.last ?? commits, commits) };
  });
  const value = await context.run(scope, work);
  return span === undefined ? { value } : { value, span };
}
