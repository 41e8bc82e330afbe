import { EntitySchema, type MigrationInterface, type QueryRunner } from 'typeorm';

/** The rows that these tests' pages write. Only `id` is unique, so a write applied twice shows as two rows. */
export interface Note {
  id: number;
  tab: string;
  n: number;
  part: string;
}

export const Note = new EntitySchema<Note>({
  name: 'Note',
  tableName: 'notes',
  columns: {
    id: { type: 'integer', primary: true, generated: 'increment' },
    tab: { type: 'text' },
    n: { type: 'integer' },
    part: { type: 'text' },
  },
});

export class CreateNotes1800000000001 implements MigrationInterface {
  readonly name = 'CreateNotes1800000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(
      'CREATE TABLE "notes" ("id" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "tab" text NOT NULL, "n" integer NOT NULL, "part" text NOT NULL)',
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP TABLE "notes"');
  }
}

/** The app's next release. */
export class AddColour1800000000002 implements MigrationInterface {
  readonly name = 'AddColour1800000000002';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query(`ALTER TABLE "notes" ADD COLUMN "colour" text NOT NULL DEFAULT 'white'`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE "notes" DROP COLUMN "colour"');
  }
}
