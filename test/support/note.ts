import { EntitySchema, Table, type MigrationInterface, type QueryRunner } from 'typeorm';
import { syncColumns, type SyncedRow } from '../../src/persistence/tables/sync-columns.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';

/** A second table, for what concerns several kinds. */
export interface Note extends SyncedRow {
  id: string;
  text: string;
  todoId: string | null;
}

export const noteEntity = new EntitySchema<Note>({
  name: 'notes',
  tableName: 'notes',
  columns: {
    id: { type: 'text', primary: true },
    text: { type: 'text' },
    todoId: { type: 'text', name: 'todo_id', nullable: true },
    ...syncColumns,
  },
});

export class CreateNotes1700000000003 implements MigrationInterface {
  readonly name = 'CreateNotes1700000000003';
  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'notes',
        columns: [
          { name: 'id', type: 'text', isPrimary: true },
          { name: 'text', type: 'text' },
          { name: 'todo_id', type: 'text', isNullable: true },
          { name: 'updated_at', type: 'text', default: "''" },
          { name: 'deleted_at', type: 'text', isNullable: true },
          { name: 'deleted_at_local', type: 'text', isNullable: true },
        ],
      }),
    );
  }
  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('notes');
  }
}

export const notes = syncTable(noteEntity);
