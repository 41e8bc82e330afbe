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
 * The triggers that note rows, and the switch that says what they note. A transaction that is given up may take the
 * triggers with it, or the value of the switch, so both are known within one transaction only.
 */
export class CaptureTriggers {
  readonly #dataSource: DataSource;
  readonly #tables: CapturedTables;
  readonly #journals: Journals;
  /** Tables whose triggers are there; the last ones were made in a transaction that may yet be rolled back. */
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

  /** From here on the triggers note what the app writes. Makes those that are missing. */
  async prepare(work: CapturedWork): Promise<void> {
    // Statements that are sent side by side wait for the first of them.
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

  /** From here on the triggers note nothing. */
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

  /** Somebody else turns the switch, or a rollback has. */
  forgetSwitch(): void {
    this.#switched = undefined;
  }

  committed(transaction: OpenTransaction): void {
    if (this.#installing?.transaction === transaction) this.#installing = undefined;
  }

  /** A savepoint has taken the triggers along that were made after it. */
  tookBack(): void {
    for (const table of this.#installing?.tables ?? []) this.#installed.delete(table);
    this.#installing = undefined;
    this.#prepared = undefined;
  }

  /** A table that is dropped, or made anew to be altered, loses its triggers. */
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
   * Another transaction that was making triggers has ended. One that committed may hear of it only after the next one
   * has begun; without a commit its triggers are gone.
   */
  #forgetOthers(transaction: OpenTransaction): void {
    const making = this.#installing?.transaction;
    if (making === undefined || making === transaction) return;
    if (making.isCommitted) this.committed(making);
    else this.tookBack();
  }

  /** The app has opened the database anew; or sql.js has, by writing its file. */
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
