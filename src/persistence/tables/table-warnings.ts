import type { DataSource } from 'typeorm';
import type { SyncFact } from '../../model/events.ts';
import { capturedNames } from './captured-names.ts';
import { logOnce } from '../sql/log-once.ts';
import { plainUniqueKeys } from './plain-unique-keys.ts';
import type { ReplicaTable } from './replica-table.ts';
import type { Session } from '../sql/session.ts';

export interface TableWarnings {
  /** Warnings about the entities and the database. */
  ofSchema(session: Session): Promise<readonly string[]>;
  /** Tables that the app omitted from `captureWrites`, which it may call after the engine is started. */
  ofCapture(): readonly string[];
  /** Announces each message once per engine as an event, and once per data source in its log. */
  tell(messages: readonly string[]): void;
}

/**
 * Builds warnings about tables that work in an unexpected way: their rows stay on the device, or a unique value cannot
 * be reused.
 */
export function createTableWarnings(
  dataSource: DataSource,
  registry: ReadonlyMap<string, ReplicaTable>,
  onFacts: (facts: readonly SyncFact[]) => void,
): TableWarnings {
  const tables = [...registry.values()];
  const told = new Set<string>();
  return {
    ofSchema: async (session) => [
      ...joinTablesLeftOut(tables),
      ...(await plainUniqueKeys(session, tables)).map(aboutUniqueKey),
    ],
    ofCapture: () => {
      const captured = capturedNames(dataSource);
      return captured === undefined
        ? []
        : tables.filter(({ metadata, pullOnly }) => !pullOnly && !captured.has(metadata.tablePath)).map(aboutCapture);
    },
    tell: (messages) => {
      const fresh = messages.filter((message) => !told.has(message));
      for (const message of fresh) {
        told.add(message);
        logOnce(dataSource, message);
      }
      if (fresh.length > 0) onFacts(fresh.map((message) => ({ type: 'store.warning', message })));
    },
  };
}

/** The columns that hide a deleted row, quoted for SQL. */
export const hidingColumns = ({ metadata }: ReplicaTable): readonly string[] =>
  [
    ['deletedAt', 'deleted_at'],
    ['deletedAtLocal', 'deleted_at_local'],
  ].flatMap((names) => metadata.columns.find(({ propertyName }) => names.includes(propertyName))?.databaseName ?? []);

/** The predicate of an index that excludes deleted rows. */
export const shownOnly = (table: ReplicaTable): string =>
  hidingColumns(table)
    .map((name) => `${name} IS NULL`)
    .join(' AND ');

const aboutUniqueKey = ({
  table,
  columns,
}: {
  readonly table: ReplicaTable;
  readonly columns: readonly string[];
}): string =>
  `${table.metadata.name}: UNIQUE (${columns.join(', ')}) holds for deleted rows, too, which stay in the table and are hidden: once a row is deleted, no other can have its ${columns.join(', ')}. Make the index partial: WHERE ${shownOnly(table)} (docs/adopting.md, Unique values)`;

const aboutCapture = ({ kind, metadata }: ReplicaTable): string =>
  `${metadata.name}: this table was not passed to captureWrites, so the app's TypeORM writes to it are not sent. Pass the engine's tables to captureWrites, or write '${kind}' only through engine.writer or engine.repository (docs/capture.md)`;

/** TypeORM writes them itself, without an entity whose rows could be sent. */
function joinTablesLeftOut(tables: readonly ReplicaTable[]): readonly string[] {
  const registered = new Set(tables.map(({ metadata }) => metadata.tablePath));
  const seen = new Set<string>();
  return tables.flatMap(({ metadata }) =>
    metadata.manyToManyRelations.flatMap(({ propertyPath, junctionEntityMetadata: junction }) => {
      if (junction === undefined || registered.has(junction.tablePath) || seen.has(junction.tablePath)) return [];
      seen.add(junction.tablePath);
      return [
        `${metadata.name}.${propertyPath}: the rows of its join table '${junction.tableName}' are never sent, because they have no entity. Make the join table an entity with one id, and register it (docs/adopting.md, What each table needs)`,
      ];
    }),
  );
}
