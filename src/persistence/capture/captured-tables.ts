import type { DataSource, EntityMetadata } from 'typeorm';
import { writtenBy } from '../sql/written-tables.ts';
import { registerTables } from '../tables/register-table.ts';
import type { SyncTable } from '../tables/sync-table.ts';
import { CapturedTable } from './entities/captured-table.ts';
import { hideDeleted } from './statements/hide-deleted.ts';
import { parentsFirst } from './statements/parents-first.ts';

/** The captured tables of one data source. */
export class CapturedTables {
  readonly #dataSource: DataSource;
  readonly #hidesDeleted: boolean;
  readonly #registered = new Map<unknown, SyncTable>();
  #inOrder: readonly CapturedTable[] = [];
  #byMetadata = new Map<EntityMetadata, CapturedTable>();
  #byName = new Map<string, CapturedTable>();

  constructor(dataSource: DataSource, settings: { readonly hideDeleted: boolean }) {
    this.#dataSource = dataSource;
    this.#hidesDeleted = settings.hideDeleted;
  }

  /** Parents before children. */
  get inOrder(): readonly CapturedTable[] {
    return this.#inOrder;
  }

  /** Adds tables; already captured ones stay unchanged. Throws `TypeError` for a table that cannot be synchronised. */
  add(tables: readonly SyncTable[]): void {
    const wanted = new Map(this.#registered);
    for (const table of tables) {
      if (!this.#dataSource.hasMetadata(table.target)) registerTables(this.#dataSource, [table]);
      const { target } = this.#dataSource.getMetadata(table.target);
      if (!wanted.has(target)) wanted.set(target, table);
    }
    this.#register([...wanted.values()]);
    for (const [target, table] of wanted) this.#registered.set(target, table);
  }

  /** Registers the tables again, because reopening the database creates new metadata. */
  renew(): void {
    this.#register([...this.#registered.values()]);
  }

  of(metadata: EntityMetadata): CapturedTable | undefined {
    return this.#byMetadata.get(metadata);
  }

  /** Finds a table by its name in lower case. */
  readonly named = (name: string): CapturedTable | undefined => this.#byName.get(name);

  /** Whether a statement writes to one of these tables. */
  areWrittenBy(sql: string): boolean {
    const tables = writtenBy(sql)?.tables ?? [];
    return tables === 'all' || tables.some((name) => this.#byName.has(name));
  }

  #register(tables: readonly SyncTable[]): void {
    const registry = registerTables(this.#dataSource, tables, { partial: true });
    const before = this.#byMetadata;
    const captured = [...registry.values()].map(
      (replica, index) =>
        before.get(replica.metadata) ?? new CapturedTable(replica, index, tables[index]?.options.toJson !== undefined),
    );
    this.#byMetadata = new Map(captured.map((table) => [table.replica.metadata, table]));
    this.#byName = new Map(captured.map((table) => [table.name.toLowerCase(), table]));
    this.#inOrder = parentsFirst(captured);
    if (this.#hidesDeleted) for (const table of captured) hideDeleted(table);
  }
}
