import type { MigrationInterface, QueryRunner } from 'typeorm';

/** The tables of the app as its first release made them. */
export class CreateTodos1780000000000 implements MigrationInterface {
  readonly name = 'CreateTodos1780000000000';

  async up(runner: QueryRunner): Promise<void> {
    const sync = '"updated_at" text NOT NULL, "deleted_at" text, "deleted_at_local" text';
    await runner.query(
      `CREATE TABLE "lists" ("id" text PRIMARY KEY NOT NULL, "name" text NOT NULL, "colour" text NOT NULL, ${sync})`,
    );
    await runner.query(
      `CREATE TABLE "todos" ("id" text PRIMARY KEY NOT NULL, "list_id" text NOT NULL, "title" text NOT NULL, "notes" text NOT NULL DEFAULT '', "done" boolean NOT NULL DEFAULT 0, "due_on" text, "priority" integer NOT NULL DEFAULT 3, "sessions" integer NOT NULL DEFAULT 0, ${sync})`,
    );
    await runner.query('CREATE INDEX "todos_by_list" ON "todos" ("list_id")');
    await runner.query(`CREATE TABLE "tags" ("id" text PRIMARY KEY NOT NULL, "name" text NOT NULL, ${sync})`);
    await runner.query(
      `CREATE TABLE "todo_tags" ("id" text PRIMARY KEY NOT NULL, "todo_id" text NOT NULL, "tag_id" text NOT NULL, ${sync})`,
    );
    await runner.query('CREATE INDEX "todo_tags_by_todo" ON "todo_tags" ("todo_id")');
  }

  async down(runner: QueryRunner): Promise<void> {
    for (const table of ['todo_tags', 'tags', 'todos', 'lists']) await runner.query(`DROP TABLE "${table}"`);
  }
}
