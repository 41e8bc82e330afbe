import { DataSource, type EntitySchema, type MixedList } from 'typeorm';
import type { Clock } from '../model/platform/clock.ts';
import { gateConnection } from '../persistence/gate/connection-gate.ts';
import { syncEntities } from '../persistence/database/entities.ts';
import { syncMigrations } from '../persistence/database/migrations.ts';
import { loadOptional } from '../persistence/drivers/load-optional.ts';
import { simulatedEntities } from './simulated-app.ts';

/** The used part of better-sqlite3. */
interface Statement {
  readonly reader: boolean;
  all(...parameters: unknown[]): unknown[];
  run(...parameters: unknown[]): unknown;
}
export interface RawDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): Statement;
  exec(sql: string): unknown;
  serialize(): Buffer;
  close(): void;
}
type DatabaseClass = new (source: Buffer | string) => RawDatabase;
type Query = (this: unknown, sql: string, ...rest: unknown[]) => Promise<unknown>;

/** Callbacks of a simulation during database work. None is called after a crash. */
export interface DatabaseWatch {
  onStatement(): void;
  beforeCommit(): void;
  /** Called after the bytes are stored. */
  afterCommit(): void;
}

/** A database in memory that can crash at any moment. Uncommitted data is lost, and pending calls never settle. */
export interface CrashableDatabase {
  readonly dataSource: DataSource;
  readonly raw: RawDatabase;
  /** Reads independently of all other work, even during an open transaction. */
  look<Row>(sql: string): readonly Row[];
  /** Crashes the database. Returns the committed bytes. */
  crash(): Buffer;
  readonly isDead: boolean;
}

const never = new Promise<never>(() => undefined);
let driver: Promise<DatabaseClass> | undefined;

/** Opens stored bytes as a separate data source with its own gate. */
export async function openCrashableDatabase(
  bytes: Buffer,
  clock: Clock,
  watch: DatabaseWatch,
): Promise<CrashableDatabase> {
  const Database = await (driver ??= loadOptional('better-sqlite3') as Promise<DatabaseClass>);
  return openWatchedDatabase(new Database(bytes), simulatedEntities as readonly EntitySchema[], clock, watch);
}

/** Opens a database with the behaviour of better-sqlite3 and with these entities beside the sync tables. */
export async function openWatchedDatabase(
  raw: RawDatabase,
  entities: readonly EntitySchema[],
  clock: Clock,
  watch: DatabaseWatch,
): Promise<CrashableDatabase> {
  const prepare = raw.prepare.bind(raw);
  let isDead = false;
  const died = (): Error => new Error('this process has crashed');
  const watched = (sql: string): Statement => {
    if (isDead) throw died();
    const statement = prepare(sql);
    if (sql !== 'COMMIT') return statement;
    const run = statement.run.bind(statement);
    return Object.assign(statement, {
      run: (...parameters: unknown[]) => {
        if (isDead) throw died();
        watch.beforeCommit();
        if (isDead) throw died();
        const result = run(...parameters);
        watch.afterCommit();
        return result;
      },
    });
  };
  class Opened {
    constructor() {
      return Object.assign(raw, { prepare: watched });
    }
  }
  const dataSource = new DataSource({
    type: 'better-sqlite3',
    database: ':memory:',
    driver: Opened,
    entities: [...entities, ...syncEntities] as MixedList<EntitySchema>,
    migrations: [...syncMigrations],
  });
  gateConnection(dataSource, { clock });
  await dataSource.initialize();
  // Statements of a dead process never answer. Their promises stay pending and do not fail.
  const runner = Object.getPrototypeOf(dataSource.createQueryRunner()) as { query: Query };
  const { query } = runner;
  runner.query = function (sql, ...rest) {
    if (!isDead) watch.onStatement();
    return isDead ? never : query.call(this, sql, ...rest);
  };
  const looks = new Map<string, Statement>();
  return {
    dataSource,
    raw,
    look: <Row>(sql: string): readonly Row[] => {
      if (isDead) return [];
      const statement = looks.get(sql) ?? prepare(sql);
      looks.set(sql, statement);
      return statement.all() as readonly Row[];
    },
    crash: () => {
      isDead = true;
      if (raw.inTransaction) prepare('ROLLBACK').run();
      const left = raw.serialize();
      raw.close();
      return left;
    },
    get isDead() {
      return isDead;
    },
  };
}
