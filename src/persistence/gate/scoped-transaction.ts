import type { EntityManager } from 'typeorm';
import { managerMethod, type ManagerMethod } from '../typeorm/managers.ts';
import type { GatedQueryRunner } from './gated-query-runner.ts';
import type { OpenTransaction, TransactionScope } from './open-transaction.ts';
import type { AsyncContext } from './transaction-context.ts';

type Work = (manager: EntityManager) => Promise<unknown>;

const runnerOf = (manager: EntityManager): GatedQueryRunner | undefined =>
  manager.queryRunner as GatedQueryRunner | undefined;
const ifOpen = (transaction: OpenTransaction | undefined): OpenTransaction | undefined =>
  transaction?.state === 'open' ? transaction : undefined;

/**
 * `EntityManager.transaction` whose callback runs in the transaction's async context, so that queries without its
 * manager join it (F-131). Concurrent nested transactions run one after another, because SQLite's savepoints form a
 * stack. Otherwise one could roll back what another has reported as complete.
 */
export function scopedTransaction(context: AsyncContext<TransactionScope>): ManagerMethod {
  const original = managerMethod('transaction');

  const inScope = (parameter: unknown, scopeOf: (manager: EntityManager) => TransactionScope | undefined): unknown =>
    typeof parameter === 'function'
      ? (manager: EntityManager) => context.run(scopeOf(manager), () => (parameter as Work)(manager))
      : parameter;

  return function (...parameters) {
    const scope = context.current();
    const outer = ifOpen(runnerOf(this)?.transaction) ?? ifOpen(scope?.transaction);
    if (outer === undefined || scope?.transaction !== outer) {
      return original.apply(
        this,
        parameters.map((parameter) => inScope(parameter, (manager) => runnerOf(manager)?.transaction)),
      );
    }
    const begin = (): Promise<unknown> =>
      original.apply(
        this,
        parameters.map((parameter) => inScope(parameter, () => ({ transaction: outer }))),
      );
    const nested = scope.nested === undefined ? begin() : scope.nested.then(begin, begin);
    scope.nested = nested;
    // The caller receives the failure; the queue ignores it.
    nested.catch(() => undefined);
    return nested;
  };
}
