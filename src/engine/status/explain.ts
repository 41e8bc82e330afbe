import type { SyncSnapshot } from '../../machines/sync-machine.ts';
import { explainedBy } from '../../rules/answers/outcome-effects.ts';
import { syncWords } from '../../model/errors/sync-words.ts';
import { phaseOf } from '../../machines/phase-of.ts';
import type { QueuedOperation } from '../../model/queue.ts';
import type { PendingOperation, PendingReason } from '../../model/pending-operation.ts';

interface Reason {
  readonly reason: PendingReason;
  readonly detail: string;
  readonly waitingFor?: string | undefined;
  readonly retryAt?: number | undefined;
}

/** Says why an operation is still queued: first what holds this operation, then what holds all of them (I12). Total. */
export function explainOperation(op: QueuedOperation, snapshot: SyncSnapshot, isRegistered: boolean): PendingOperation {
  const { reason, detail, waitingFor, retryAt } = withRing(
    op,
    foreignReason(op, snapshot, isRegistered) ??
      ownReason(op, isRegistered) ??
      commonReason(snapshot) ??
      waitReason(op) ??
      ready,
  );
  return {
    opId: op.opId,
    kind: op.kind,
    entityId: op.entityId,
    type: op.type,
    reason,
    detail,
    tryCount: op.tryCount,
    enqueuedAt: op.enqueuedAt,
    ...(waitingFor === undefined ? {} : { waitingFor }),
    ...(retryAt === undefined ? {} : { retryAt }),
    ...(op.lastError === undefined ? {} : { lastError: op.lastError }),
    ...(op.errorFields === undefined ? {} : { errorFields: op.errorFields }),
  };
}

/** A ring of references that must not be NULL is never created by itself. */
const withRing = ({ ring }: QueuedOperation, found: Reason): Reason =>
  ring === undefined
    ? found
    : {
        ...found,
        detail: `${found.detail} The records ${ring.join(' and ')} refer to each other by columns that must not be NULL, so a server that checks references takes none of them first: let one of these columns be NULL.`,
      };

const ready: Reason = { reason: 'ready', detail: 'It is sent with the next sync.' };

/** In somebody else's database nothing is under way; what needs a person's decision still says so. */
function foreignReason(
  { state }: QueuedOperation,
  { context: { failure } }: SyncSnapshot,
  isRegistered: boolean,
): Reason | undefined {
  if (failure?.type !== 'scopeChanged' || !isRegistered || state === 'parked') return undefined;
  return {
    reason: 'scopeChanged',
    detail: 'The database belongs to another user or server; nothing is sent until that is decided.',
  };
}

function ownReason(op: QueuedOperation, isRegistered: boolean): Reason | undefined {
  if (!isRegistered)
    return {
      reason: 'unregisteredKind',
      detail: `The kind '${op.kind}' is not registered with this engine, so it is not sent.`,
    };
  if (op.newerSchema === true)
    return {
      reason: 'newerSchema',
      detail: `A newer version of the app has used '${op.kind}'; nothing of it is sent until this one is up to date, too.`,
    };
  if (op.state === 'behind')
    return {
      reason: 'waitingFor',
      waitingFor: op.waitingFor,
      detail: `Operation ${op.waitingFor ?? ''} of the same record goes first.`,
    };
  if (op.state === 'inFlight') return { reason: 'inFlight', detail: 'It is being sent.' };
  if (op.state !== 'parked') return undefined;
  const error = op.lastError === undefined ? '' : ` Last error: ${op.lastError}`;
  switch (op.parkedFor) {
    case 'conflict':
      return {
        reason: 'conflict',
        detail: `${syncWords.conflict}; the conflict waits for a decision.`,
      };
    case 'ambiguous':
      return { reason: 'ambiguous', detail: `Nobody knows whether the server has it; retry or drop it.${error}` };
    case 'stuck':
    case undefined:
      if (op.errorCode === 'upgradeFailed' || op.errorCode === 'damaged')
        return { reason: 'stuck', detail: `It cannot be sent as it is stored; drop it, or update the app.${error}` };
      return {
        reason: 'stuck',
        detail: `The server refused it ${op.tryCount === 1 ? 'once' : `${op.tryCount} times`}; correct, retry or drop it.${error}`,
      };
  }
}

function commonReason(snapshot: SyncSnapshot): Reason | undefined {
  const { failure, wait } = snapshot.context;
  const phase = phaseOf(snapshot);
  if (phase === 'paused') return { reason: 'paused', detail: syncWords.paused };
  if (snapshot.matches({ session: 'authRequired' })) return { reason: 'authRequired', detail: syncWords.signIn };
  if (phase === 'standby') return { reason: 'standby', detail: syncWords.standby };
  if (snapshot.matches({ network: 'offline' }))
    return { reason: 'offline', detail: syncWords.offline, retryAt: wait?.retryAt };
  if (phase === 'backoff' && wait?.due !== true) {
    return {
      reason: 'backoff',
      retryAt: wait?.retryAt,
      detail: `The last attempt failed${because(failure?.message)}; it is tried again by itself.`,
    };
  }
  return undefined;
}

/** What was said when it failed; of the run before a restart that is not known. */
const because = (message: string | undefined): string => (message === undefined ? '' : ` (${message})`);

function waitReason(op: QueuedOperation): Reason | undefined {
  if (op.state !== 'waiting') return undefined;
  if (op.waitingFor !== undefined)
    return {
      reason: 'waitingFor',
      waitingFor: op.waitingFor,
      detail: `The record ${op.waitingFor} goes first: this one refers to it, it refers to this one, or this one takes a UNIQUE value that it releases.`,
    };
  if (explainedBy(op.errorCode) === 'forbidden')
    return {
      reason: 'forbidden',
      detail: `The server does not allow it${because(op.lastError)}; it is tried again with the next sync.`,
    };
  const again = op.dueAt === undefined ? 'with the next sync' : 'later';
  return {
    reason: 'backoff',
    retryAt: op.dueAt,
    detail: `The last attempt failed${because(op.lastError)}; it is tried again ${again}.`,
  };
}
