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

/**
 * Explains why an operation is still queued: first reasons of this operation, then reasons of all of them (I12). Never
 * throws.
 */
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

/** A ring of NOT NULL references is never created without a change. */
const withRing = ({ ring }: QueuedOperation, found: Reason): Reason =>
  ring === undefined
    ? found
    : {
        ...found,
        detail: `${found.detail} The records ${ring.join(' and ')} refer to each other through NOT NULL columns, so a server that checks references accepts none of them first. Make one of these columns nullable.`,
      };

const ready: Reason = { reason: 'ready', detail: 'It is sent with the next sync.' };

/** In another user's database nothing is in flight. Operations that need a person's decision still say so. */
function foreignReason(
  { state }: QueuedOperation,
  { context: { failure } }: SyncSnapshot,
  isRegistered: boolean,
): Reason | undefined {
  if (failure?.type !== 'scopeChanged' || !isRegistered || state === 'parked') return undefined;
  return {
    reason: 'scopeChanged',
    detail: 'The database belongs to another user or server; nothing is sent until you decide what to do with it.',
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
      detail: `A newer version of the app has used '${op.kind}'; update this app to send it.`,
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
      return { reason: 'ambiguous', detail: `It is unknown whether the server has it; retry or drop it.${error}` };
    case 'stuck':
    case undefined:
      if (op.errorCode === 'upgradeFailed' || op.errorCode === 'damaged')
        return { reason: 'stuck', detail: `It cannot be sent in its stored form; drop it, or update the app.${error}` };
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
      detail: `The last attempt failed${because(failure?.message)}; the engine tries again automatically.`,
    };
  }
  return undefined;
}

/** The message of the failure; unknown for a run before a restart. */
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
      detail: `The server does not allow it${because(op.lastError)}; the next sync tries again.`,
    };
  const again = op.dueAt === undefined ? 'the next sync tries again' : 'the engine tries again later';
  return {
    reason: 'backoff',
    retryAt: op.dueAt,
    detail: `The last attempt failed${because(op.lastError)}; ${again}.`,
  };
}
