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

/** Both sides of a refused write and their common base. All data is wire JSON. */
export interface Conflict {
  readonly kind: string;
  readonly entityId: string;
  /** The newest operation of the folded group that met the conflict. */
  readonly opId: string;
  readonly opType: OpType;
  /** Empty for a delete. */
  readonly localData: JsonObject;
  /** Empty when the server deleted the row and sent no data. */
  readonly serverData: JsonObject;
  /** The row before the first pending operation, if known. */
  readonly baseData?: JsonObject | undefined;
  /** ISO 8601, by the local clock. */
  readonly localTimestamp: string;
  /** The server's own text; '' if unknown. */
  readonly serverTimestamp: string;
  readonly serverVersion?: string | undefined;
  /** Includes the fields of deltas. */
  readonly changedFields?: readonly string[] | undefined;
  /** Relative changes. In `localData`, their fields hold the server's values with the changes applied. */
  readonly deltas?: readonly Delta[] | undefined;
  readonly serverDeleted: boolean;
  /**
   * The change creates the row, and no earlier request can have brought it to the server. A tombstone on the server
   * therefore belongs to another row with this id, and no strategy discards the new row for it (F-151).
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

/** Takes the server's row. The engine discards the local change and names it in the event. */
export const acceptServer = (): ConflictResolution => ({ type: 'acceptServer' });
/** Resends the local row, conditionally on the version that was shown. */
export const acceptClient = (): ConflictResolution => ({ type: 'acceptClient' });
/** Sends `data`, conditionally on the version that was shown. For a delete, this keeps the row with `data`. */
export const acceptMerged = (data: JsonObject, mergeInfo?: MergeInfo): ConflictResolution =>
  mergeInfo === undefined ? { type: 'acceptMerged', data } : { type: 'acceptMerged', data, mergeInfo };
/** Postpones the decision; the operation stays queued for a later run. */
export const defer = (): ConflictResolution => ({ type: 'defer' });
/** Discards the local change and adopts the server's state. */
export const discard = (): ConflictResolution => ({ type: 'discard' });

/**
 * Decides a conflict; may open a dialog. The resolver may wait for `sync`, `syncRun`, `fullResync` or `whenIdle` of its
 * engine. That run then ends without the answer, and a later run applies it.
 */
export type ConflictResolver = (conflict: Conflict) => ConflictResolution | Promise<ConflictResolution>;
export type MergeFunction = (
  local: JsonObject,
  server: JsonObject,
  context: { readonly base?: JsonObject | undefined; readonly changedFields?: readonly string[] | undefined },
) => JsonObject;

/** Decides one field that both sides changed. Must be synchronous. `base` is absent if unknown. */
export type FieldMerge = (local: Json, server: Json, context: { readonly base?: Json | undefined }) => Json;

/**
 * How one field is merged. Rules apply only to fields that the user changed; every other field takes the server's
 * value.
 * `union` joins both lists and restores items that one side removed. `max` and `min` compare numbers, timestamps and
 * strings; null counts as no value.
 */
export type FieldRule = 'local' | 'server' | 'union' | 'max' | 'min' | FieldMerge;

export const fieldRules: readonly Exclude<FieldRule, FieldMerge>[] = ['local', 'server', 'union', 'max', 'min'];

/** Conflict settings of one table. Absent settings come from the global configuration. */
export interface TableConflictConfig {
  /** Decides conflicts of this table. @defaultValue `conflictStrategy` of the engine */
  readonly strategy?: ConflictStrategy | undefined;
  /** Decides conflicts under the strategy `manual`. @defaultValue `conflictResolver` of the engine */
  readonly resolver?: ConflictResolver | undefined;
  /** Merges both rows under the strategy `merge`. @defaultValue `mergeFunction` of the engine */
  readonly mergeFunction?: MergeFunction | undefined;
  /** Rules by property name for `autoPreserve` and `merge`. A rule replaces the default merge of its field. */
  readonly fields?: Readonly<Record<string, FieldRule>> | undefined;
  /**
   * For `autoPreserve`, `merge` and `lastWriteWins`: with `delete`, a local delete wins over an edit on the server;
   * with `keep`, it never does.
   */
  readonly deleteConflict?: 'keep' | 'delete' | undefined;
}

/**
 * `detected`: this run or the next one works on it. `awaiting`: parked until RESOLVE_CONFLICT; with `decidedOn`, a
 * resolver deferred it and a later run asks again. `decided`: a stored decision waits for its run.
 */
export type ConflictState = 'detected' | 'awaiting' | 'decided';

export interface DecideOptions {
  /**
   * The conflict that the person saw. If its rows have changed since, `resolveConflict` rejects with
   * `ConflictChangedError`, which holds the current rows, and decides nothing.
   */
  readonly expected?: Conflict | undefined;
}

/** Explains why the app must decide once more. */
export const outdatedDecision = 'The server now has another version than the one you decided on; decide again';

/** A conflict as stored. The app can show it and decide it later; it survives a restart. */
export interface StoredConflict {
  readonly conflict: Conflict;
  readonly strategy: ConflictStrategy;
  readonly state: ConflictState;
  readonly reason?: string | undefined;
  readonly resolution?: ConflictResolution | undefined;
  /** The server version on which the decision or deferral was based. Any other version makes it outdated. */
  readonly decidedOn?: string | undefined;
  /** Epoch ms. */
  readonly detectedAt: number;
}
