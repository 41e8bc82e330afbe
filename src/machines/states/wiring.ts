import type { SyncFact } from '../../model/events.ts';
import { toSyncFailure, type SyncFailure } from '../../model/errors/failure.ts';
import type { SyncRequest } from '../../model/run.ts';
import { toRequest, type WorkEvent } from '../../rules/sync-rules.ts';
import type { SyncContext } from '../machine-context.ts';

export const expired: SyncFailure = { type: 'authRequired', message: 'the session has expired: sign in again' };
export const failureOf = ({ event }: { event: { error: unknown } }): SyncFailure => toSyncFailure(event.error);
export const outputOf = <T>({ event }: { event: { output: T } }): T => event.output;
export const factsOf = ({
  event,
}: {
  event: { output: { readonly facts: readonly SyncFact[] } };
}): readonly SyncFact[] => event.output.facts;
export const requestOf = ({ context, event }: { context: SyncContext; event: WorkEvent }): SyncRequest =>
  toRequest(event, context);

/** One transition for every event that requests work. */
export const onWork = <T>(transition: T) => ({
  SYNC: transition,
  FULL_RESYNC: transition,
  RESOLVE_CONFLICT: transition,
  'remote.changed': transition,
});
export const told = <T extends SyncFact>(event: T) => ({ type: 'announce', params: event }) as const;
export const accept = { type: 'acceptRequest', params: requestOf } as const;
export const widen = { type: 'widenRun', params: requestOf } as const;
export const explicit = { type: 'isExplicit', params: requestOf } as const;
export const announceFacts = { type: 'announceFacts', params: factsOf } as const;
/** Every failed step takes this transition; only `assessing` decides what the failure means. */
export const failed = { target: '#assessing', actions: { type: 'recordFailure', params: failureOf } } as const;
