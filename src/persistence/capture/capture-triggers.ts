import type { DataSource } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import { checkSchema } from '../database/schema-check.ts';
import { profileOf } from '../drivers/profile-of.ts';
import type { OpenTransaction } from '../gate/open-transaction.ts';
import { uncapturedSession, type CapturedRunner, type CapturedWork } from './captured-runner.ts';
import type { CapturedTables } from './captured-tables.ts';
import { captureSwitch, type CapturedTable, type SwitchMode } from './entities/captured-table.ts';
import type { Journals } from './statements/journal.ts';
import { uniqueKeysOf } from './statements/unique-keys.ts';

/**
 * The triggers that record rows, and the switch that controls them. A rolled back transaction may undo both, so their
 * state is known only within one transaction.
 */
export class CaptureTriggers {
  readonly #dataSource: DataSource;
  readonly #tables: CapturedTables;
  readonly #journals: Journals;
  /** Tables with installed triggers. The last ones belong to a transaction that may still be rolled back. */
  readonly #installed = new Set<CapturedTable>();
  #installing: { readonly transaction: OpenTransaction; readonly tables: readonly CapturedTable[] } | undefined;
  #switched: { readonly transaction: OpenTransaction; readonly to: SwitchMode } | undefined;
  /** The transaction in which something was captured. */
  #prepared: OpenTransaction | undefined;
  #preparing: Promise<void> | undefined;
  #connection: unknown;

  constructor(dataSource: DataSource, tables: CapturedTables, journals: Journals) {
    this.#dataSource = dataSource;
    this.#tables = tables;
    this.#journals = journals;
    this.#connection = this.#presentConnection;
  }

  /** Whether something was captured in this transaction. */
  hasPrepared(transaction: OpenTransaction): boolean {
    return this.#prepared === transaction;
  }

  /** Makes the triggers record the app's writes from here on. Creates missing triggers. */
  async prepare(work: CapturedWork): Promise<void> {
    // Concurrent statements wait for the first of them.
    while (this.#preparing !== undefined) await this.#preparing;
    if (!this.hasPrepared(work.transaction)) {
      const making = this.#makeReady(work);
      const settled = (): void => {
        this.#preparing = undefined;
      };
      this.#preparing = making.then(settled, settled);
      await making;
    }
    await this.switchTo(work, 1);
  }

  /** Makes the triggers record nothing from here on. */
  async rest(work: CapturedWork): Promise<void> {
    this.#forgetOthers(work.transaction);
    if (this.#installed.size > 0) await this.switchTo(work, 0);
  }

  async switchTo(work: CapturedWork, mode: SwitchMode): Promise<void> {
    const { transaction } = work;
    if (this.#switched?.transaction === transaction && this.#switched.to === mode) return;
    await uncapturedSession(work, this.#dataSource).later(`UPDATE temp.${captureSwitch} SET "on" = ${mode}`);
    this.#switched = { transaction, to: mode };
  }

  /** Called when other code or a rollback may have changed the switch. */
  forgetSwitch(): void {
    this.#switched = undefined;
  }

  committed(transaction: OpenTransaction): void {
    if (this.#installing?.transaction === transaction) this.#installing = undefined;
  }

  /** Called when a savepoint removed the triggers created after it. */
  tookBack(): void {
    for (const table of this.#installing?.tables ?? []) this.#installed.delete(table);
    this.#installing = undefined;
    this.#prepared = undefined;
  }

  /** Dropping a table, or rebuilding it for a change, removes its triggers. */
  schemaChanges(): void {
    this.#installed.clear();
    this.#prepared = undefined;
  }

  get #presentConnection(): unknown {
    return (this.#dataSource.driver as AbstractSqliteDriver).databaseConnection;
  }

  async #makeReady(work: CapturedWork): Promise<void> {
    this.#forgetOthers(work.transaction);
    await this.#checkConnection(work);
    const missing = this.#tables.inOrder.filter((table) => !this.#installed.has(table));
    if (missing.length > 0) await this.#install(work, missing);
    this.#prepared = work.transaction;
  }

  /**
   * Called when another transaction that created triggers has ended. The report of a commit may arrive after the next
   * transaction has begun. Without a commit, its triggers are gone.
   */
  #forgetOthers(transaction: OpenTransaction): void {
    const making = this.#installing?.transaction;
    if (making === undefined || making === transaction) return;
    if (making.isCommitted) this.committed(making);
    else this.tookBack();
  }

  /** The app has reopened the database, or sql.js has done so by writing its file. */
  async #checkConnection({ send }: CapturedRunner): Promise<void> {
    const connection = this.#presentConnection;
    if (connection !== this.#connection) {
      this.#connection = connection;
      this.#installed.clear();
      this.#installing = undefined;
      this.#tables.renew();
    }
    if (profileOf(this.#dataSource)?.losesTriggers !== true || this.#installed.size === 0) return;
    const rows = await send(
      `SELECT 1 FROM temp.sqlite_master WHERE "type" = 'trigger' AND "name" LIKE 'synchart_capture_%'`,
    );
    if (!Array.isArray(rows) || rows.length < this.#installed.size) this.#installed.clear();
  }

  async #install(work: CapturedWork, tables: readonly CapturedTable[]): Promise<void> {
    const { send, transaction } = work;
    const replicas = tables.map(({ replica }) => replica);
    await checkSchema(uncapturedSession(work, this.#dataSource), this.#dataSource, replicas);
    await send(`CREATE TEMP TABLE IF NOT EXISTS ${captureSwitch} ("on" INTEGER NOT NULL)`);
    await send(
      `INSERT INTO temp.${captureSwitch} ("on") SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM temp.${captureSwitch})`,
    );
    for (const table of tables) for (const sql of table.install(await uniqueKeysOf(send, table.name))) await send(sql);
    for (const table of tables) this.#installed.add(table);
    this.#installing = { transaction, tables: [...(this.#installing?.tables ?? []), ...tables] };
    this.#journals.of(transaction).noteTriggers();
    this.forgetSwitch();
  }
}
