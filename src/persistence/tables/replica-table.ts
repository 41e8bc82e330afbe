import type { EntityMetadata, ObjectLiteral } from 'typeorm';
import type { TableConflictConfig } from '../../model/conflict.ts';
import type { SyncKind } from '../../model/kind.ts';
import type { JsonObject } from '../../model/values/json.ts';
import type { ColumnCodec } from '../columns/column-codec.ts';
import { RowUpserts } from '../columns/row-upserts.ts';
import { referenceKeysOf, uniqueKeysOf, type ReferenceKey, type UniqueKey } from '../columns/table-keys.ts';
import { createTableSchema, type TableSchema } from '../columns/table-schema.ts';
import { TreePaths } from '../columns/tree-paths.ts';
import { profileOf } from '../drivers/profile-of.ts';
import type { Dialect } from '../sql/session.ts';
import { InboundReferences } from './inbound-references.ts';
import { RowConditions } from './row-conditions.ts';
import { RowMapping } from './row-mapping.ts';
import type { SyncTableOptions, TableSettings } from './sync-table.ts';
import { TableColumns, type FoundColumns } from './table-columns.ts';
import { TableRows } from './table-rows.ts';

interface Registration extends FoundColumns {
  /** The original options object, because hooks may be methods of it. */
  readonly options: SyncTableOptions<ObjectLiteral>;
  readonly settings: TableSettings;
}

/**
 * A synced table of the app: its settings, `columns`, conversion to the wire (`mapping`), shared SQL (`conditions`),
 * and stored rows (`rows`).
 */
export class ReplicaTable implements SyncKind {
  readonly kind: string;
  readonly keys: TableColumns['keys'];
  readonly conflict: TableConflictConfig;
  readonly pullOnly: boolean;
  readonly pushOnly: boolean;
  readonly dependsOn: readonly { readonly key: string | undefined; readonly kind: string }[];
  readonly sendChangedFields: boolean;
  readonly syncIntervalMs: number | undefined;
  readonly tombstones: 'keep' | 'remove';
  readonly retentionMs: number | undefined;

  readonly metadata: EntityMetadata;
  readonly dialect: Dialect;
  readonly codecs: readonly ColumnCodec[];
  /** Names of the table and its id column, quoted for SQL. */
  readonly table: string;
  readonly id: string;
  readonly columns: TableColumns;
  readonly mapping: RowMapping;
  readonly conditions: RowConditions;
  readonly rows: TableRows;
  readonly schema: TableSchema;
  readonly uniqueKeys: readonly UniqueKey[];
  /** Known without the other tables. */
  readonly referenceKeys: readonly ReferenceKey[];
  /** Whether statements run on the event loop. */
  readonly blocksLoop: boolean;
  /**
   * Rows written by one statement between two yields: at most 5 ms of work for drivers that block the event loop, a
   * page for the others (F-147).
   */
  readonly rowsPerSlice: number;

  #relations: readonly { readonly kind: string; readonly key: string }[] = [];
  #inbound = new InboundReferences(this, []);

  constructor(registration: Registration) {
    const { metadata, kind, options, settings, codecs, dataSource } = registration;
    const columns = new TableColumns(registration);
    this.kind = kind;
    this.metadata = metadata;
    this.columns = columns;
    this.keys = columns.keys;
    this.dialect = columns.dialect;
    this.codecs = codecs;
    this.table = columns.table;
    this.id = columns.id;
    this.mapping = new RowMapping(columns, options);
    this.conditions = new RowConditions(columns, this.mapping.keepsSentValues);
    this.schema = createTableSchema(kind, options);
    const driver = profileOf(dataSource);
    this.blocksLoop = driver?.blocksLoop ?? false;
    this.rowsPerSlice = this.blocksLoop ? 250 : 500;
    this.rows = this.#storedRows(driver?.packsRows ?? false);

    this.pullOnly = settings.pullOnly;
    this.pushOnly = settings.pushOnly;
    this.sendChangedFields = settings.sendChangedFields;
    this.syncIntervalMs = settings.syncIntervalMs;
    this.tombstones = settings.tombstones;
    this.retentionMs = settings.retentionMs;
    this.conflict = conflictByWireKey(settings.conflict, (property) =>
      // A mapping of the app may have keys without a column.
      options.toJson !== undefined && !columns.hasProperty(property) ? property : columns.wireKeyOf(property),
    );
    this.dependsOn = Array.isArray(settings.dependsOn)
      ? settings.dependsOn.map((kindName: string) => ({ key: undefined, kind: kindName }))
      : Object.entries(settings.dependsOn).map(([property, kindName]) => ({
          key: columns.wireKeyOf(property),
          kind: kindName,
        }));
    this.uniqueKeys = uniqueKeysOf(metadata, codecs);
    this.referenceKeys = referenceKeysOf(metadata, codecs, this.dependsOn);
  }

  readId(row: JsonObject): string | undefined {
    return this.mapping.readId(row);
  }

  readUpdatedAt(row: JsonObject): string | undefined {
    return this.mapping.readUpdatedAt(row);
  }

  isDeleted(row: JsonObject): boolean {
    return this.mapping.isDeleted(row);
  }

  unstorable(row: JsonObject): string | undefined {
    return this.mapping.unstorable(row);
  }

  /** Rows that a removal must not delete as well. */
  get inbound(): InboundReferences {
    return this.#inbound;
  }

  /** Wire keys of the columns that reference another registered table. */
  relationKeysTo(kind: string): readonly string[] {
    return this.#relations.filter((relation) => relation.kind === kind).map((relation) => relation.key);
  }

  /** Connects the table with the others; called once when all are registered. */
  linkTables(all: readonly ReplicaTable[]): void {
    this.#relations = this.metadata.foreignKeys.flatMap((foreignKey) => {
      const parent = all.find((table) => table.metadata === foreignKey.referencedEntityMetadata);
      const codec = this.codecs.find((candidate) => candidate.column === foreignKey.columns[0]);
      return parent && codec ? [{ kind: parent.kind, key: codec.wireKey }] : [];
    });
    this.#inbound = new InboundReferences(this, all);
  }

  #storedRows(packsRows: boolean): TableRows {
    const { metadata, columns, codecs } = this;
    const tree = TreePaths.of(metadata);
    const { versionColumn } = metadata;
    const beginsByItself =
      versionColumn === undefined || versionColumn.isNullable || versionColumn.default !== undefined;
    const upserts = new RowUpserts({
      table: columns.table,
      id: columns.id,
      deletedAtLocal: columns.names.deletedAtLocal,
      codecs,
      idCodec: columns.idCodec,
      idType: columns.ids.type,
      version: beginsByItself ? undefined : codecs.find(({ column }) => column === versionColumn),
      binder: this.mapping.binder,
      tree,
      packsRows,
      rowsPerSlice: this.rowsPerSlice,
      existing: (session, ids) => this.rows.existing(session, ids),
    });
    return new TableRows({
      columns,
      mapping: this.mapping,
      conditions: this.conditions,
      upserts,
      tree,
      inbound: () => this.#inbound,
    });
  }
}

/** The field rules by wire key, because they apply to wire rows. */
const conflictByWireKey = (conflict: TableConflictConfig, keyOf: (property: string) => string): TableConflictConfig =>
  conflict.fields === undefined
    ? conflict
    : {
        ...conflict,
        fields: Object.fromEntries(Object.entries(conflict.fields).map(([property, rule]) => [keyOf(property), rule])),
      };
