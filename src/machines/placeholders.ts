import type { SyncFailure } from '../model/errors/failure.ts';
import type { ConflictRef, PageReport, SyncRequest } from '../model/run.ts';

/** Replaces a missing value of the context, so that guards and actions never throw. */
export const noRequest: SyncRequest = {
  pushKinds: [],
  pullKinds: [],
  resyncKinds: [],
  decisions: [],
  explicit: false,
  automatic: false,
  waiters: [],
};
export const noRef: ConflictRef = { kind: '', entityId: '', opId: '' };
/** The first snapshot of an observable actor is empty. */
export const noPage: PageReport = { kind: '', pageSize: 0, pulled: 0, ignored: 0, facts: [] };
export const unknownFailure: SyncFailure = { type: 'fatal', message: 'unknown failure' };
