import type { OperationView } from '../../devtools/protocol/messages.ts';
import type { Played } from './play-acts.ts';
import type { ReplayPlan } from '../plan/replay-plan.ts';
import type { ReplayReplica } from './replay-replica.ts';
import type { LeftOperation, ReplayReport } from './replay-report.ts';
import type { ReplayTransport } from './replay-transport.ts';

/** Virtual ms between two runs without faults; longer than most waits. */
const roundMs = 150_000;
/** Reasons for which an operation stays until somebody acts. */
const restReasons: ReadonlySet<string> = new Set([
  'conflict',
  'stuck',
  'ambiguous',
  'forbidden',
  'unregisteredKind',
  'newerSchema',
]);

/** The outbox of the replay, as `explain()` reports it. */
export async function operationsNow({ agent }: ReplayReplica): Promise<readonly OperationView[]> {
  const page = await agent.ask('operations', { limit: 500 });
  return (page as { readonly items?: readonly OperationView[] } | null)?.items ?? [];
}

/** Ends all faults and runs the engine until nothing changes any more. */
export async function finishReplay(
  plan: ReplayPlan,
  { replica, transport, time, oracle }: Played & { readonly transport: ReplayTransport },
): Promise<Pick<ReplayReport, 'drained' | 'left'>> {
  const { engine } = replica;
  const quietly = (work: Promise<unknown>): void => void work.catch(() => undefined);
  const before = await operationsNow(replica);
  transport.end();
  replica.sayOnline(true);
  quietly(engine.signedIn());
  quietly(engine.resume());
  await time.advance(0);
  const rounds = (plan.config.maxOutboxTryCount ?? 5) + 3;
  for (let round = 0; round < rounds; round += 1) {
    quietly(engine.sync());
    await time.advance(roundMs);
    oracle.check(replica);
    const now = await operationsNow(replica);
    if (now.every((operation) => isAtRest(operation, now))) break;
  }
  const left = await operationsNow(replica);
  const ids = new Set(left.map(({ opId }) => opId));
  return {
    drained: before
      .filter(({ opId }) => !ids.has(opId))
      .map(({ opId, kind, entityId, type }) => ({ opId, kind, entityId, type })),
    left: left.map(leftOf),
  };
}

/** Only a person can move it, or it waits for an operation that only a person can move. */
function isAtRest({ reason, waitingFor }: OperationView, all: readonly OperationView[]): boolean {
  if (restReasons.has(reason)) return true;
  if (reason !== 'waitingFor' || waitingFor === undefined) return false;
  const first = all.find(({ opId, kind, entityId }) => opId === waitingFor || `${kind}/${entityId}` === waitingFor);
  return first !== undefined && restReasons.has(first.reason);
}

const leftOf = ({ opId, kind, entityId, type, reason, detail, tryCount }: OperationView): LeftOperation => ({
  opId,
  kind,
  entityId,
  type,
  reason,
  detail,
  tryCount,
});
