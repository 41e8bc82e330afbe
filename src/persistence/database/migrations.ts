import { Table, type MigrationInterface, type QueryRunner, type TableColumnOptions } from 'typeorm';

const text = (name: string): TableColumnOptions => ({ name, type: 'text' });
const textOrNull = (name: string): TableColumnOptions => ({ name, type: 'text', isNullable: true });
const whole = (name: string, byDefault?: number): TableColumnOptions => ({
  name,
  type: 'integer',
  ...(byDefault === undefined ? {} : { default: byDefault }),
});
/** Epoch ms exceed PostgreSQL's integer. */
const timeOrNull = (name: string): TableColumnOptions => ({ name, type: 'bigint', isNullable: true });
const time = (name: string): TableColumnOptions => ({ name, type: 'bigint' });
const key = (column: TableColumnOptions): TableColumnOptions => ({ ...column, isPrimary: true });
const counter = (name: string): TableColumnOptions => ({
  name,
  type: 'integer',
  isPrimary: true,
  isGenerated: true,
  generationStrategy: 'increment',
});

const tables: readonly { readonly name: string; readonly columns: readonly TableColumnOptions[] }[] = [
  {
    name: 'sync_outbox',
    columns: [
      counter('seq'),
      { ...text('op_id'), isUnique: true },
      text('kind'),
      text('entity_id'),
      text('op'),
      whole('creates', 0),
      textOrNull('payload'),
      textOrNull('deltas'),
      textOrNull('changed_fields'),
      textOrNull('base_updated_at'),
      text('ts'),
      whole('state', 1),
      textOrNull('parked'),
      timeOrNull('due_at'),
      whole('try_count', 0),
      textOrNull('last_error'),
      textOrNull('error_code'),
      timeOrNull('last_tried_at'),
      textOrNull('request_id'),
      textOrNull('frozen_body'),
      textOrNull('frozen_base'),
      whole('force', 0),
      timeOrNull('first_sent_at'),
      whole('attempt', 0),
      time('enqueued_at'),
    ],
  },
  {
    name: 'sync_cursors',
    columns: [
      key(text('kind')),
      textOrNull('ts'),
      textOrNull('last_id'),
      whole('max_page', 0),
      textOrNull('token'),
      textOrNull('token_ts'),
      textOrNull('token_last_id'),
      timeOrNull('last_pull_at'),
      timeOrNull('last_resync_at'),
      timeOrNull('tombstone_retention_ms'),
      whole('resync_generation', 0),
      whole('resync_open', 0),
      whole('resync_marking', 0),
      whole('resync_fetched', 0),
      whole('resync_rows', 0),
      textOrNull('resync_ts'),
      textOrNull('resync_last_id'),
      textOrNull('resync_token'),
      textOrNull('resync_token_ts'),
      textOrNull('resync_token_last_id'),
    ],
  },
  {
    name: 'sync_base',
    columns: [
      key(text('kind')),
      key(text('entity_id')),
      textOrNull('base_row'),
      textOrNull('base_version'),
      textOrNull('server_row'),
      textOrNull('server_version'),
      whole('version_unknown', 0),
      textOrNull('last_sent'),
    ],
  },
  {
    name: 'sync_conflicts',
    columns: [
      key(text('kind')),
      key(text('entity_id')),
      text('op_id'),
      text('op'),
      textOrNull('base_data'),
      text('local_data'),
      text('server_data'),
      text('local_timestamp'),
      text('server_timestamp'),
      textOrNull('server_version'),
      textOrNull('changed_fields'),
      whole('server_deleted', 0),
      text('strategy'),
      text('state'),
      textOrNull('reason'),
      textOrNull('resolution'),
      textOrNull('decided_on'),
      time('detected_at'),
      time('changed_at'),
    ],
  },
  {
    name: 'sync_discarded',
    columns: [
      counter('id'),
      text('op_id'),
      text('kind'),
      text('entity_id'),
      text('op'),
      textOrNull('payload'),
      textOrNull('changed_fields'),
      text('reason'),
      time('discarded_at'),
    ],
  },
  {
    name: 'sync_quarantine',
    columns: [key(text('kind')), key(text('entity_id')), text('row'), text('error'), time('quarantined_at')],
  },
  { name: 'sync_seen', columns: [key(text('kind')), key(text('entity_id'))] },
  { name: 'sync_lease', columns: [key(text('name')), text('owner'), whole('token', 0), time('expires_at')] },
  { name: 'sync_state', columns: [key(text('name')), text('value')] },
];

/** These indexes find heads of line, whatever the outbox holds. */
const indexes = [
  'CREATE INDEX "sync_outbox_entity" ON "sync_outbox" ("kind", "entity_id", "seq")',
  'CREATE INDEX "sync_outbox_ready" ON "sync_outbox" ("kind", "seq") WHERE "state" = 1',
  'CREATE INDEX "sync_outbox_waiting" ON "sync_outbox" ("due_at") WHERE "state" = 2',
  'CREATE INDEX "sync_outbox_parked" ON "sync_outbox" ("parked") WHERE "state" = 3',
  'CREATE INDEX "sync_outbox_in_flight" ON "sync_outbox" ("seq") WHERE "state" = 4',
  'CREATE INDEX "sync_outbox_frozen" ON "sync_outbox" ("kind", "entity_id") WHERE "request_id" IS NOT NULL',
  'CREATE INDEX "sync_outbox_tries" ON "sync_outbox" ("try_count") WHERE "try_count" > 0',
];

/** Creates every sync table of the first release. Never edited; later changes are further migrations. */
export class CreateSyncTables1700000000001 implements MigrationInterface {
  readonly name = 'CreateSyncTables1700000000001';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const table of tables)
      await queryRunner.createTable(new Table({ name: table.name, columns: [...table.columns] }));
    for (const index of indexes) await queryRunner.query(index);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const table of [...tables].reverse()) await queryRunner.dropTable(table.name);
  }
}

const deltaColumns: readonly (readonly [table: string, column: string, definition: string])[] = [
  ['sync_conflicts', 'deltas', 'text'],
  ['sync_discarded', 'deltas', 'text'],
  ['sync_discarded', 'creates', 'integer NOT NULL DEFAULT 0'],
];

/** Stores the deltas of conflicts and of discarded operations, so that they can be applied to a newer row. */
export class KeepDeltas1700000000010 implements MigrationInterface {
  readonly name = 'KeepDeltas1700000000010';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [table, column, definition] of deltaColumns)
      await queryRunner.query(`ALTER TABLE "${table}" ADD COLUMN "${column}" ${definition}`);
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    for (const [table, column] of deltaColumns)
      await queryRunner.query(`ALTER TABLE "${table}" DROP COLUMN "${column}"`);
  }
}

const schemaColumns: readonly (readonly [table: string, column: string, definition: string])[] = [
  ...['sync_outbox', 'sync_base', 'sync_conflicts', 'sync_discarded', 'sync_cursors'].map(
    (table) => [table, 'schema_version', 'integer NOT NULL DEFAULT 1'] as const,
  ),
  ['sync_outbox', 'frozen_version', 'integer'],
  ['sync_cursors', 'resync_reason', 'text'],
];

/** Stores the format version of each stored row, so that a newer app can upgrade it row by row. */
export class SchemaVersions1700000000020 implements MigrationInterface {
  readonly name = 'SchemaVersions1700000000020';

  async up(queryRunner: QueryRunner): Promise<void> {
    for (const [table, column, definition] of schemaColumns)
      await queryRunner.query(`ALTER TABLE "${table}" ADD COLUMN "${column}" ${definition}`);
    // Finds rows of older or newer formats without reading the others. Does not start with the kind, because it would
    // replace the indexes of heads.
    await queryRunner.query('CREATE INDEX "sync_outbox_schema" ON "sync_outbox" ("schema_version", "kind", "seq")');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('DROP INDEX "sync_outbox_schema"');
    for (const [table, column] of schemaColumns)
      await queryRunner.query(`ALTER TABLE "${table}" DROP COLUMN "${column}"`);
  }
}

/**
 * Records which UNIQUE values and references the queued operations release, and which quarantined rows were announced.
 */
export class HandOvers1700000000030 implements MigrationInterface {
  readonly name = 'HandOvers1700000000030';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'sync_released',
        columns: [key({ name: 'seq', type: 'integer' }), key(text('value'))],
        foreignKeys: [
          {
            columnNames: ['seq'],
            referencedTableName: 'sync_outbox',
            referencedColumnNames: ['seq'],
            onDelete: 'CASCADE',
          },
        ],
      }),
    );
    await queryRunner.query('CREATE INDEX "sync_released_value" ON "sync_released" ("value")');
    await queryRunner.query('ALTER TABLE "sync_quarantine" ADD COLUMN "announced" integer NOT NULL DEFAULT 1');
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.query('ALTER TABLE "sync_quarantine" DROP COLUMN "announced"');
    await queryRunner.dropTable('sync_released');
  }
}

/** Stores the sent value of fields whose column returns another value, so that it is sent back unchanged (F-158). */
export class WireValues1700000000040 implements MigrationInterface {
  readonly name = 'WireValues1700000000040';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({ name: 'sync_wire_values', columns: [key(text('kind')), key(text('entity_id')), text('fields')] }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('sync_wire_values');
  }
}

/**
 * Records rows removed because the server deleted them, with their versions, so that a lagging list cannot restore
 * them.
 */
export class RemovedRows1700000000050 implements MigrationInterface {
  readonly name = 'RemovedRows1700000000050';

  async up(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.createTable(
      new Table({
        name: 'sync_removed',
        columns: [key(text('kind')), key(text('entity_id')), text('version'), time('removed_at')],
      }),
    );
  }

  async down(queryRunner: QueryRunner): Promise<void> {
    await queryRunner.dropTable('sync_removed');
  }
}

/** The migrations of the sync tables. Add them to the app's own: `migrations: [...syncMigrations, ...mine]`. */
export const syncMigrations: readonly (new () => MigrationInterface)[] = [
  // Add a new migration at the end, with a `name` as described in `newer-release.ts`. Older releases refuse the
  // database because of that name.
  CreateSyncTables1700000000001,
  KeepDeltas1700000000010,
  SchemaVersions1700000000020,
  HandOvers1700000000030,
  WireValues1700000000040,
  RemovedRows1700000000050,
];

/** Names of the tables that the migrations create. */
export const syncTableNames: readonly string[] = [
  ...tables.map((table) => table.name),
  'sync_released',
  'sync_wire_values',
  'sync_removed',
];
