import { Column, type EntitySchemaColumnOptions } from 'typeorm';

/** The sync columns of every synced row. Timestamps are the server's own text. */
export interface SyncedRow {
  /** Owned by the server; local writes never change it. '' for a row that the server has not seen yet. */
  updatedAt: string;
  /** When the server deleted the row; null while it lives. */
  deletedAt: string | null;
  /** When the user deleted the row here. Hides it at once; cleared when the delete leaves the outbox unapplied. */
  deletedAtLocal: string | null;
}

/**
 * The sync columns for an `EntitySchema`: `columns: { id: …, title: …, ...syncColumns }`. The SQL names are
 * `updated_at`, `deleted_at`, `deleted_at_local`.
 */
export const syncColumns: { readonly [Key in keyof SyncedRow]: EntitySchemaColumnOptions } = {
  updatedAt: { type: 'text', name: 'updated_at', default: '' },
  deletedAt: { type: 'text', name: 'deleted_at', nullable: true },
  deletedAtLocal: { type: 'text', name: 'deleted_at_local', nullable: true },
};

/** The sync columns for an entity class: `class Todo extends SyncColumns { … }`. */
export abstract class SyncColumns implements SyncedRow {
  updatedAt = '';
  deletedAt: string | null = null;
  deletedAtLocal: string | null = null;
}

// Applied by a function call, so that nobody needs a decorator setting of the compiler.
for (const property of Object.keys(syncColumns))
  Column(syncColumns[property as keyof SyncedRow])(SyncColumns.prototype, property);
