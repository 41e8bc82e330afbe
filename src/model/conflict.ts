import type { Delta } from './values/delta.ts';
import type { Json, JsonObject } from './values/json.ts';
import type { OpType } from './operation.ts';

export type ConflictStrategy = 'autoPreserve' | 'serverWins' | 'clientWins' | 'lastWriteWins' | 'merge' | 'manual';

export const conflictStrategies: readonly ConflictStrategy[] = [
  'autoPreserve',
  'serverWins',
  'clientWins',
  'lastWriteWins',
  'merge',
  'manual',
];

/** Both sides of a refused write, and what they came from. All data is wire JSON. */
export interface Conflict {
  readonly kind: string;
  readonly entityId: string;
  /** The newest operation of the folded group that met the conflict. */
  readonly opId: string;
  readonly opType: OpType;
  /** Empty for a delete. */
  readonly localData: JsonObject;
  /** Empty when the server deleted the row and sent nothing of it. */
  readonly serverData: JsonObject;
  /** The row as it was before the first pending operation, where it is known. */
  readonly baseData?: JsonObject | undefined;
  /** ISO 8601, by the local clock. */
  readonly localTimestamp: string;
  /** The server's own text, '' where unknown. */
  readonly serverTimestamp: string;
  readonly serverVersion?: string | undefined;
  /** Fields of deltas included. */
  readonly changedFields?: readonly string[] | undefined;
  /** Relative changes; `localData` has their fields as these make them of the server's values. */
  readonly deltas?: readonly Delta[] | undefined;
  readonly serverDeleted: boolean;
  /**
   * The change creates the row, and no earlier request can have brought it to the server. A deletion there is of
   * another row with this id, so no strategy gives the new row up for it (F-151).
   */
  readonly isCreation?: true | undefined;
}

export interface MergeInfo {
  readonly localFields: readonly string[];
  readonly serverFields: readonly string[];
}

export type ConflictResolution =
  | { readonly type: 'acceptServer' }
  | { readonly type: 'acceptClient' }
  | { readonly type: 'acceptMerged'; readonly data: JsonObject; readonly mergeInfo?: MergeInfo | undefined }
  | { readonly type: 'defer' }
  | { readonly type: 'discard' };

/** Takes the server's row; the local change is given up and named in the event. */
export const acceptServer = (): ConflictResolution => ({ type: 'acceptServer' });
/** Sends the local row again, conditionally on the version shown. */
export const acceptClient = (): ConflictResolution => ({ type: 'acceptClient' });
/** Sends `data`, conditionally on the version shown; for a delete it means: keep the row with this data. */
export const acceptMerged = (data: JsonObject, mergeInfo?: MergeInfo): ConflictResolution =>
  mergeInfo === undefined ? { type: 'acceptMerged', data } : { type: 'acceptMerged', data, mergeInfo };
/** Decides later; the operation stays queued for a later run. */
export const defer = (): ConflictResolution => ({ type: 'defer' });
/** Gives the local change up and goes to the server's state. */
export const discard = (): ConflictResolution => ({ type: 'discard' });

/**
 * Decides a conflict; may be a dialog. It may wait for `sync`, `syncRun`, `fullResync` or `whenIdle` of its engine:
 * that run ends without its answer, and a later one applies it.
 */
export type ConflictResolver = (conflict: Conflict) => ConflictResolution | Promise<ConflictResolution>;
export type MergeFunction = (
  local: JsonObject,
  server: JsonObject,
  context: { readonly base?: JsonObject | undefined; readonly changedFields?: readonly string[] | undefined },
) => JsonObject;

/**
 * Decides one field that we changed and the server has another value of. `base` is absent where nobody knows it.
 * Synchronous.
 */
export type FieldMerge = (local: Json, server: Json, context: { readonly base?: Json | undefined }) => Json;

/**
 * How one field is merged. Only what the user changed counts: an untouched field is the server's under every rule.
 * `union` unites lists, also what one side removed; `max` and `min` compare numbers, timestamps and texts, null being
 * no value.
 */
export type FieldRule = 'local' | 'server' | 'union' | 'max' | 'min' | FieldMerge;

export const fieldRules: readonly Exclude<FieldRule, FieldMerge>[] = ['local', 'server', 'union', 'max', 'min'];

/** Conflict settings of one table; what is absent comes from the global configuration. */
export interface TableConflictConfig {
  /** Decides conflicts of this table. @defaultValue `conflictStrategy` of the engine */
  readonly strategy?: ConflictStrategy | undefined;
  /** Decides conflicts under the strategy `manual`. @defaultValue `conflictResolver` of the engine */
  readonly resolver?: ConflictResolver | undefined;
  /** Merges both rows under the strategy `merge`. @defaultValue `mergeFunction` of the engine */
  readonly mergeFunction?: MergeFunction | undefined;
  /** Rules by property name under autoPreserve and merge; a rule replaces what the merge would do. */
  readonly fields?: Readonly<Record<string, FieldRule>> | undefined;
  /**
   * Under autoPreserve, merge and lastWriteWins: `delete` lets a local delete win over an edit on the server, `keep`
   * never does.
   */
  readonly deleteConflict?: 'keep' | 'delete' | undefined;
}

/**
 * `detected`: worked on in this run or the next. `awaiting`: parked until RESOLVE_CONFLICT; one with `decidedOn` was
 * deferred and is looked at again in a later run. `decided`: a stored decision waits for its run.
 */
export type ConflictState = 'detected' | 'awaiting' | 'decided';

/** Why a decision is asked for once more. */
export const outdatedDecision = 'The server has another version now than the one that was decided on; decide again';

/** A conflict as the store keeps it: data that can be shown, decided later, and survives a restart. */
export interface StoredConflict {
  readonly conflict: Conflict;
  readonly strategy: ConflictStrategy;
  readonly state: ConflictState;
  readonly reason?: string | undefined;
  readonly resolution?: ConflictResolution | undefined;
  /**
   * The server version that was shown when it was decided, or when a resolver deferred it; another one makes that
   * outdated.
   */
  readonly decidedOn?: string | undefined;
  /** Epoch ms. */
  readonly detectedAt: number;
}
