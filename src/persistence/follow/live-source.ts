import type { DataSource, EntityMetadata, EntityTarget, ObjectLiteral } from 'typeorm';
import { changeFeedOf, type ChangeFeed } from './change-feed.ts';
import { gateConnection, openDataSources, type ConnectionGate } from '../gate/connection-gate.ts';
import type { SyncTable } from '../tables/sync-table.ts';

/**
 * A table to follow: the result of `syncTable`, an entity (class, `EntitySchema`, its name), or the SQL name of a
 * table.
 */
export type LiveTable = SyncTable | EntityTarget<ObjectLiteral> | string;

/** The database that a reading follows, and the tables by SQL name. */
export interface LiveSource {
  readonly dataSource: DataSource;
  readonly gate: ConnectionGate;
  readonly feed: ChangeFeed;
  readonly tables: readonly string[];
  /** Wire names of the tables. */
  readonly kinds: readonly string[];
}

const isSyncTable = (table: LiveTable): table is SyncTable =>
  typeof table === 'object' && 'target' in table && 'options' in table;
const targetOf = (table: LiveTable): EntityTarget<ObjectLiteral> => (isSyncTable(table) ? table.target : table);

function metadataOf(dataSource: DataSource, table: LiveTable): EntityMetadata | undefined {
  const target = targetOf(table);
  if (dataSource.hasMetadata(target)) return dataSource.getMetadata(target);
  return typeof target === 'string'
    ? dataSource.entityMetadatas.find(({ tableName }) => tableName === target)
    : undefined;
}

const nameOf = (table: LiveTable): string => {
  const target = targetOf(table);
  if (typeof target === 'string') return `'${target}'`;
  if (typeof target === 'function') return target.name;
  return 'options' in target ? String((target.options as { readonly name?: unknown }).name) : 'an entity';
};

/** The single open data source that has all these tables. Throws `TypeError` if there is none or several. */
function findDataSource(tables: readonly LiveTable[]): DataSource {
  const open = openDataSources();
  // A name without an entity may be a table of any data source.
  const isUnknown = (table: LiveTable): boolean =>
    typeof table === 'string' && open.every((dataSource) => metadataOf(dataSource, table) === undefined);
  const entities = tables.filter((table) => !isUnknown(table));
  const found = open.filter((dataSource) => entities.every((table) => metadataOf(dataSource, table) !== undefined));
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  const names = tables.map(nameOf).join(', ');
  throw new TypeError(
    found.length === 0
      ? `no open DataSource has ${names}: initialise it and create its engine first, or pass { dataSource }`
      : `${found.length} open DataSources have ${names}: pass { dataSource }, or use the engine's own method`,
  );
}

/** Finds the database and the SQL names of tables. Throws `TypeError` that names the unknown table or the remedy. */
export function liveSourceOf(
  given: readonly LiveTable[],
  options: { readonly dataSource?: DataSource | undefined } = {},
): LiveSource {
  if (given.length === 0) throw new TypeError('name the tables to follow: { tables: [todos] }');
  const dataSource = options.dataSource ?? findDataSource(given);
  if (!dataSource.isInitialized) throw new TypeError('the DataSource is not open: await dataSource.initialize() first');
  const tables = new Set<string>();
  const kinds = new Set<string>();
  for (const table of given) {
    const metadata = metadataOf(dataSource, table);
    if (metadata === undefined && typeof table !== 'string')
      throw new TypeError(`${nameOf(table)} is not an entity of this DataSource`);
    const name = metadata?.tableName ?? String(table);
    tables.add(name);
    kinds.add((isSyncTable(table) ? table.options.kind?.trim() : undefined) ?? name);
    // Rows that join two tables change with a relation of either.
    for (const { junctionEntityMetadata } of metadata?.manyToManyRelations ?? [])
      if (junctionEntityMetadata) tables.add(junctionEntityMetadata.tableName);
  }
  const gate = gateConnection(dataSource);
  return { dataSource, gate, feed: changeFeedOf(dataSource, gate), tables: [...tables], kinds: [...kinds] };
}
