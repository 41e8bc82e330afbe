import type { TableConflictConfig } from './conflict.ts';
import type { JsonObject } from './values/json.ts';

/** What the engine knows of a registered kind without the database: how to read its wire rows, and its sync options. */
export interface SyncKind {
  readonly kind: string;
  /** Wire keys of the sync fields, as rows of this table spell them. */
  readonly keys: { readonly id: string; readonly updatedAt: string; readonly deletedAt: string | undefined };
  /** The entity id as text; undefined if the row has none. */
  readId(row: JsonObject): string | undefined;
  /** The server's timestamp verbatim; undefined if it is missing or invalid. */
  readUpdatedAt(row: JsonObject): string | undefined;
  /** True for a tombstone. */
  isDeleted(row: JsonObject): boolean;
  /** Field rules by wire key. */
  readonly conflict: TableConflictConfig;
  /** Why a row could not be stored here; undefined if types and mappings allow it (F-35). */
  unstorable?(row: JsonObject): string | undefined;
  readonly pullOnly: boolean;
  readonly pushOnly: boolean;
  /** Kinds referenced by a wire key. Kinds under the key `'*'` count with all their relations. */
  readonly dependsOn: readonly { readonly key: string | undefined; readonly kind: string }[];
  /** Edits send only the changed fields, for servers that merge. */
  readonly sendChangedFields: boolean;
  readonly syncIntervalMs: number | undefined;
}
