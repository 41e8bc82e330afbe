import type { TableConflictConfig } from './conflict.ts';
import type { JsonObject } from './values/json.ts';

/**
 * What is known of a registered kind without touching the database: how to read its wire rows, and its sync options.
 */
export interface SyncKind {
  readonly kind: string;
  /** Wire keys of the sync fields, as the rows of this table spell them. */
  readonly keys: { readonly id: string; readonly updatedAt: string; readonly deletedAt: string | undefined };
  /** The entity id as text; undefined where the row has none. */
  readId(row: JsonObject): string | undefined;
  /** The server's timestamp verbatim; undefined where the row has none or it is no timestamp. */
  readUpdatedAt(row: JsonObject): string | undefined;
  /** Whether the row is a tombstone. */
  isDeleted(row: JsonObject): boolean;
  /** Field rules by wire key. */
  readonly conflict: TableConflictConfig;
  /** Why a row could not be stored here; undefined: it can, as far as types and mappings tell (F-35). */
  unstorable?(row: JsonObject): string | undefined;
  readonly pullOnly: boolean;
  readonly pushOnly: boolean;
  /** Kind referenced by a wire key; `'*'` keys hold kinds all of whose relations count. */
  readonly dependsOn: readonly { readonly key: string | undefined; readonly kind: string }[];
  /** Edits send only the changed fields, for servers that merge. */
  readonly sendChangedFields: boolean;
  readonly syncIntervalMs: number | undefined;
}
