import type { DataSource, EntityMetadata, ObjectLiteral } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { TableConflictConfig } from '../../model/conflict.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import { withoutMark } from '../../model/values/exact-number.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import type { SyncKind } from '../../model/kind.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { keepDigits } from '../../rules/values/keep-digits.ts';
import { compareTimestamps, timestampText } from '../../rules/values/timestamp.ts';
import { exactColumns, rawToWire, wireValueOf, type ColumnCodec } from '../columns/column-codec.ts';
import { harmIn } from './harmful-row.ts';
import { InboundReferences } from './inbound-references.ts';
import { quoted } from '../sql/quoted-name.ts';
import { RowBinder } from '../columns/row-binder.ts';
import { RowUpserts } from '../columns/row-upserts.ts';
import { createIdColumn, type IdColumn } from '../columns/id-column.ts';
import { dialectOf, listOf, type Dialect, type RawRow, type Session } from '../sql/session.ts';
import type { SyncTableOptions, TableSettings } from './sync-table.ts';
import { createTableSchema, type TableSchema } from '../columns/table-schema.ts';
import { TreePaths } from '../columns/tree-paths.ts';
import { forgetWireValues, selectWireValues, wireValuesAlias, withSentValues } from '../columns/wire-values.ts';
import { referenceKeysOf, uniqueKeysOf, type ReferenceKey, type UniqueKey } from '../columns/table-keys.ts';

interface Registration {
  readonly dataSource: DataSource;
  readonly metadata: EntityMetadata;
  readonly kind: string;
  /** As given: hooks may be methods of it. */
  readonly options: SyncTableOptions<ObjectLiteral>;
  readonly settings: TableSettings;
  readonly codecs: readonly ColumnCodec[];
  readonly localCodecs: readonly ColumnCodec[];
  readonly idColumn: ColumnMetadata;
  readonly updatedAt: ColumnMetadata;
  readonly deletedAt: ColumnMetadata;
  readonly deletedAtLocal: ColumnMetadata;
}

/** Drivers whose statements run on the event loop. */
const blocking: ReadonlySet<string> = new Set(['better-sqlite3', 'sqljs']);

const prefersPackedRows = ({ options }: DataSource): boolean =>
  'driver' in options &&
  typeof options.driver === 'object' &&
  options.driver !== null &&
  Reflect.get(options.driver, 'packsRows') === true;

/** A synced table of the app, read and written as wire JSON by generated SQL. Touches only columns the server knows. */
export class ReplicaTable implements SyncKind {
  readonly kind: string;
  readonly keys: { readonly id: string; readonly updatedAt: string; readonly deletedAt: string };
  readonly conflict: TableConflictConfig;
  readonly pullOnly: boolean;
  readonly pushOnly: boolean;
  readonly dependsOn: readonly { readonly key: string | undefined; readonly kind: string }[];
  readonly sendChangedFields: boolean;
  readonly syncIntervalMs: number | undefined;
  readonly tombstones: 'keep' | 'remove';
  readonly retentionMs: number | undefined;
  readonly metadata: EntityMetadata;
  readonly codecs: readonly ColumnCodec[];
  readonly dialect: Dialect;
  /** Names of the table and of its id column, as SQL wants them. */
  readonly table: string;
  readonly id: string;
  readonly schema: TableSchema;
  readonly uniqueKeys: readonly UniqueKey[];
  /** Known without the other tables. */
  readonly referenceKeys: readonly ReferenceKey[];

  /** Whether statements run on the event loop. */
  readonly blocksLoop: boolean;
  /**
   * Rows written between two yields, by one statement: ≤ 5 ms of work for the drivers that block the event loop, a page
   * for the others (F-147).
   */
  readonly rowsPerSlice: number;

  private readonly options: SyncTableOptions<ObjectLiteral>;
  private readonly localCodecs: readonly ColumnCodec[];
  private readonly codecByKey: ReadonlyMap<string, ColumnCodec>;
  private readonly codecByProperty: ReadonlyMap<string, ColumnCodec>;
  private readonly idCodec: ColumnCodec;
  /** Columns of the app's own fields. */
  readonly edited: readonly ColumnCodec[];
  private readonly ids: IdColumn;
  /** Names of the columns of the sync, as SQL wants them. */
  readonly columns: { readonly updatedAt: string; readonly deletedAt: string; readonly deletedAtLocal: string };
  private readonly binder: RowBinder;
  private readonly rows: RowUpserts;
  /** Undefined: the table is no `materialized-path` tree. */
  private readonly tree: TreePaths | undefined;
  /** Rows that were read here, as their columns give them, where the server sent something else. */
  private readonly shownAs = new WeakMap<JsonObject, JsonObject>();

  constructor(registration: Registration) {
    const { metadata, kind, options, settings, codecs, dataSource } = registration;
    this.kind = kind;
    this.metadata = metadata;
    this.codecs = codecs;
    this.uniqueKeys = uniqueKeysOf(metadata, codecs);
    this.localCodecs = registration.localCodecs;
    this.options = options;
    this.dialect = dialectOf(dataSource);
    this.schema = createTableSchema(kind, options);
    this.blocksLoop = blocking.has(dataSource.options.type);
    this.rowsPerSlice = this.blocksLoop ? 250 : 500;
    this.codecByKey = new Map(codecs.map((codec) => [codec.wireKey, codec]));
    this.codecByProperty = new Map(codecs.map((codec) => [codec.property, codec]));
    const codecOf = (column: ColumnMetadata): ColumnCodec => {
      const codec = codecs.find((candidate) => candidate.column === column);
      if (!codec)
        throw new TypeError(
          `syncTable(${metadata.name}): column '${column.propertyName}' must be synchronised, it cannot be localOnly`,
        );
      return codec;
    };
    this.idCodec = codecOf(registration.idColumn);
    this.ids = createIdColumn(registration.idColumn, this.idCodec.complaint('text') !== undefined, this.dialect);
    this.keys = {
      id: this.idCodec.wireKey,
      updatedAt: codecOf(registration.updatedAt).wireKey,
      deletedAt: codecOf(registration.deletedAt).wireKey,
    };
    const own: readonly string[] = Object.values(this.keys);
    this.edited = codecs.filter(({ wireKey }) => !own.includes(wireKey));
    this.table = [metadata.schema, metadata.tableName]
      .flatMap((name) => (name === undefined ? [] : [quoted(name)]))
      .join('.');
    this.id = quoted(this.idCodec.name);
    this.columns = {
      updatedAt: quoted(registration.updatedAt.databaseName),
      deletedAt: quoted(registration.deletedAt.databaseName),
      deletedAtLocal: quoted(registration.deletedAtLocal.databaseName),
    };
    this.binder = new RowBinder({
      table: this,
      codecs,
      idCodec: this.idCodec,
      idToDatabase: this.ids.toDatabase,
      fromJson: options.fromJson?.bind(options),
    });
    this.tree = TreePaths.of(metadata);
    const { versionColumn } = metadata;
    const beginsByItself =
      versionColumn === undefined || versionColumn.isNullable || versionColumn.default !== undefined;
    this.rows = new RowUpserts({
      table: this.table,
      id: this.id,
      deletedAtLocal: this.columns.deletedAtLocal,
      codecs,
      idCodec: this.idCodec,
      idType: this.ids.type,
      version: beginsByItself ? undefined : codecs.find(({ column }) => column === versionColumn),
      binder: this.binder,
      tree: this.tree,
      packsRows: prefersPackedRows(dataSource),
      rowsPerSlice: this.rowsPerSlice,
      existing: (session, ids) => this.existing(session, ids),
    });
    this.conflict = this.conflictByWireKey(settings.conflict);
    this.pullOnly = settings.pullOnly;
    this.pushOnly = settings.pushOnly;
    this.sendChangedFields = settings.sendChangedFields;
    this.syncIntervalMs = settings.syncIntervalMs;
    this.tombstones = settings.tombstones;
    this.retentionMs = settings.retentionMs;
    this.dependsOn = Array.isArray(settings.dependsOn)
      ? settings.dependsOn.map((kindName: string) => ({ key: undefined, kind: kindName }))
      : Object.entries(settings.dependsOn).map(([property, kindName]) => ({
          key: this.wireKeyOf(property),
          kind: kindName,
        }));
    this.referenceKeys = referenceKeysOf(metadata, codecs, this.dependsOn);
  }

  readId(row: JsonObject): string | undefined {
    const given = withoutMark(
      orNone(() => this.options.getId?.(row)) ?? row[this.keys.id] ?? row['id'] ?? row['ID'] ?? row['uuid'],
    );
    return (typeof given === 'string' && given !== '') || typeof given === 'number' ? String(given) : undefined;
  }

  readUpdatedAt(row: JsonObject): string | undefined {
    return timestampText(
      orNone(() => this.options.getUpdatedAt?.(row)) ??
        row[this.keys.updatedAt] ??
        row['updatedAt'] ??
        row['updated_at'],
    );
  }

  readDeletedAt(row: JsonObject): Json | undefined {
    return row[this.keys.deletedAt] ?? row['deletedAt'] ?? row['deleted_at'];
  }

  isDeleted(row: JsonObject): boolean {
    return (this.readDeletedAt(row) ?? null) !== null;
  }

  /** The wire key of an entity property. Throws `ValidationError` for a property that is not a synchronised column. */
  wireKeyOf(property: string): string {
    const codec = this.codecByProperty.get(property) ?? this.codecByKey.get(property);
    if (!codec)
      throw new ValidationError(
        `'${property}' is not a synchronised column of ${this.kind}; known are ${[...this.codecByProperty.keys()].join(', ')}`,
      );
    return codec.wireKey;
  }

  /** Wire keys of the columns that reference another registered table. */
  relationKeysTo(kind: string): readonly string[] {
    return this.relations.filter((relation) => relation.kind === kind).map((relation) => relation.key);
  }

  /**
   * Whether a row of the server has every column, so that nothing of an older copy shows through it. Not known of rows
   * that the app maps itself.
   */
  isComplete(row: JsonObject): boolean {
    const { id, updatedAt, deletedAt } = this.keys;
    return (
      this.options.fromJson === undefined &&
      this.codecs.every(
        ({ wireKey }) =>
          Object.hasOwn(row, wireKey) || wireKey === id || wireKey === updatedAt || wireKey === deletedAt,
      )
    );
  }

  /**
   * An entity as the server will see it: without local-only columns, `deletedAtLocal`, and columns whose property is
   * undefined.
   */
  entityToWire(entity: object): JsonObject {
    if (this.options.toJson) return checkedJson(this.kind, this.options.toJson(entity));
    const row: Record<string, Json> = {};
    for (const codec of this.codecs) {
      const value = wireValueOf(codec, entity);
      if (value !== undefined) row[codec.wireKey] = value;
    }
    return row;
  }

  /** Says why a wire row cannot be stored; undefined = it can, as far as types tell. */
  complaintAbout(row: JsonObject): string | undefined {
    const id = this.readId(row);
    const harm =
      (id === undefined ? undefined : this.ids.complaint(id)) ??
      harmIn(row, this.options.fromJson ? undefined : this.codecs);
    if (harm !== undefined || this.options.fromJson) return harm;
    for (const codec of this.codecs) {
      if (codec === this.idCodec || codec.wireKey === this.keys.updatedAt || codec.wireKey === this.keys.deletedAt)
        continue;
      const complaint = codec.complaint(row[codec.wireKey]);
      if (complaint !== undefined) return `field '${codec.wireKey}' ${complaint}`;
    }
    return undefined;
  }

  /** As {@link complaintAbout}, the mapping of each column or `fromJson` included. */
  unstorable(row: JsonObject): string | undefined {
    const complaint = this.complaintAbout(row);
    if (complaint !== undefined) return complaint;
    try {
      this.binder.bind(row);
      return undefined;
    } catch (error) {
      return `it cannot be mapped: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  /**
   * The field rules under wire keys: they are applied to wire rows. A mapping of the app's own may have keys that are
   * no columns.
   */
  private conflictByWireKey(conflict: TableConflictConfig): TableConflictConfig {
    if (conflict.fields === undefined) return conflict;
    const keyOf = (property: string): string =>
      this.options.toJson !== undefined && !this.codecByProperty.has(property) ? property : this.wireKeyOf(property);
    return {
      ...conflict,
      fields: Object.fromEntries(Object.entries(conflict.fields).map(([property, rule]) => [keyOf(property), rule])),
    };
  }

  /**
   * What a row writes to its columns, by column name; columns that it leaves alone are absent. Throws as `fromJson`
   * throws.
   */
  columnsOf(row: JsonObject): ReadonlyMap<string, unknown> {
    const bound = [...this.binder.bindAll([row])];
    return new Map(
      bound.flatMap(({ codecs, rows: [values] }) => codecs.map(({ name }, index) => [name, values?.[index]])),
    );
  }

  /** An id as its column holds it. */
  boundId(id: string): string | number {
    return this.ids.toDatabase(id);
  }

  /** The rows with these ids as wire JSON, by id; missing ones are absent. */
  async read(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, JsonObject>> {
    const rows = await this.readRaw(session, ids);
    return new Map([...rows].map(([id, raw]) => [id, this.rawToWire(raw)]));
  }

  /** As {@link read}, before the app's mapping, which may throw. */
  async readRaw(session: Session, ids: readonly string[]): Promise<ReadonlyMap<string, RawRow>> {
    if (ids.length === 0) return new Map();
    const rows = await session.query(
      `SELECT ${this.table}.*${this.exactColumns(this.table)} FROM ${this.table} WHERE ${this.inIds()}`,
      [this.idList(ids)],
    );
    return new Map(rows.map((raw) => [String(raw[this.idCodec.name]), raw]));
  }

  /** Of these, the ids of visible rows that no server ever had and of which nothing is queued. */
  async neverSent(session: Session, ids: readonly string[]): Promise<readonly string[]> {
    const { sql, parameters } = this.unsent('neverSent', this.table);
    const rows = await session.query<{ id: string | number }>(
      `SELECT ${this.id} AS "id" FROM ${this.table} WHERE ${this.inIds()} AND ${sql}`,
      [this.idList(ids), ...parameters],
    );
    return rows.map(({ id }) => String(id));
  }

  /**
   * SQL condition: the row is shown, nothing of it is queued, and (`neverSent`) no server ever had it. Costs one look
   * into an index per row.
   */
  unsent(which: 'neverSent' | 'all', row: string): { readonly sql: string; readonly parameters: readonly string[] } {
    const shown = `${row}.${this.columns.deletedAt} IS NULL AND ${row}.${this.columns.deletedAtLocal} IS NULL AND NOT ${this.isIn('sync_outbox', row)}`;
    if (which === 'all') return { sql: shown, parameters: [this.kind] };
    return {
      sql: `${row}.${this.columns.updatedAt} = '' AND ${shown} AND NOT ${this.isIn('sync_base', row)}`,
      parameters: [this.kind, this.kind],
    };
  }

  async hasRows(session: Session): Promise<boolean> {
    return (await session.query(`SELECT 1 FROM ${this.table} LIMIT 1`)).length > 0;
  }

  /**
   * What a query of whole rows selects besides `*`, so that no number is rounded on the way, and each field is known as
   * the server sent it.
   */
  exactColumns(table: string): string {
    const sent = this.keepsSentValues ? selectWireValues(this.kind, `${table}.${this.id}`) : '';
    return `${exactColumns(this.codecs, this.dialect.name, table)}${sent}`;
  }

  /** With a mapping of the app, what a field is on the wire is the mapping's business. */
  get keepsSentValues(): boolean {
    return this.options.toJson === undefined && this.options.fromJson === undefined;
  }

  /**
   * The row that somebody gives who saw `known` as an entity: what he could not see exactly, and left alone, stays as
   * it is.
   */
  recognise(known: JsonObject, given: JsonObject): JsonObject {
    const shown = this.shown(known);
    return Object.fromEntries(
      Object.entries(given).map(([key, value]) => {
        if (!Object.hasOwn(known, key)) return [key, value];
        const [sent, form] = [known[key] ?? null, shown[key]];
        return [key, sent !== form && deepEqual(form, keepDigits(form, value)) ? sent : keepDigits(sent, value)];
      }),
    );
  }

  /** A row that was read here, as its columns give it: what an entity of it says. */
  shown(row: JsonObject): JsonObject {
    return this.shownAs.get(row) ?? row;
  }

  /** A result row as wire JSON. */
  rawToWire(raw: RawRow): JsonObject {
    if (!this.options.toJson) {
      const shown = rawToWire(this.codecs, raw);
      const row = withSentValues(shown, raw[wireValuesAlias]);
      if (row !== shown) this.shownAs.set(row, shown);
      return row;
    }
    const entity = this.metadata.create();
    for (const codec of this.codecs)
      codec.column.setEntityValue(
        entity,
        this.metadata.connection?.driver.prepareHydratedValue(raw[codec.name], codec.column) ?? raw[codec.name],
      );
    return checkedJson(this.kind, this.options.toJson(entity));
  }

  /**
   * Inserts or updates rows by id, many in one statement. Columns whose key is missing keep their value; local-only
   * columns too. A row that is written so lives as the server says: `deletedAtLocal` is cleared unless
   * `keepDeletedLocally`.
   */
  upsert(
    session: Session,
    rows: readonly JsonObject[],
    options: { readonly keepDeletedLocally?: boolean } = {},
  ): Promise<void> {
    return this.rows.upsert(session, rows, options);
  }

  /**
   * Whether the database knows the columns as the entity has them: what it refuses then is a row's fault. Compiles a
   * write, and runs none.
   */
  takesRows(session: Session): Promise<boolean> {
    return this.rows.takesRows(session);
  }

  /**
   * Derives the tree paths that do not follow from the parents, such as those of rows that were stored without; returns
   * whether there were any.
   */
  async mendTree(session: Session): Promise<boolean> {
    if (this.tree === undefined || !(await this.tree.hasWrong(session))) return false;
    await this.tree.deriveAll(session);
    return true;
  }

  async remove(session: Session, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    // Rows that lose their parent become roots.
    const orphans = (await this.tree?.childrenOf(session, this.boundIds(ids), this.ids.type)) ?? [];
    await session.run(`DELETE FROM ${this.table} WHERE ${this.inIds()}`, [this.idList(ids)]);
    await this.tree?.derive(session, orphans, this.ids.type);
  }

  /** Hides rows at once, or shows them again with `null`. */
  async markDeletedLocally(session: Session, ids: readonly string[], at: string | null): Promise<void> {
    if (ids.length > 0)
      await session.run(`UPDATE ${this.table} SET ${this.columns.deletedAtLocal} = ? WHERE ${this.inIds()}`, [
        at,
        this.idList(ids),
      ]);
  }

  /** Hides rows that are not hidden yet: the time of the user's own deletion stays where it is known. */
  async hideShown(session: Session, ids: readonly string[], at: string): Promise<void> {
    if (ids.length > 0)
      await session.run(
        `UPDATE ${this.table} SET ${this.columns.deletedAtLocal} = ? WHERE ${this.inIds()} AND ${this.columns.deletedAtLocal} IS NULL`,
        [at, this.idList(ids)],
      );
  }

  async isDeletedLocally(session: Session, id: string): Promise<boolean> {
    const row = await session.one(
      `SELECT 1 AS "hidden" FROM ${this.table} WHERE ${this.inIds()} AND ${this.columns.deletedAtLocal} IS NOT NULL`,
      [this.idList([id])],
    );
    return row !== undefined;
  }

  /** The local-only properties of an entity that differ from an older copy of it. */
  localChanges(before: object, after: object): object {
    const changed = this.localCodecs.filter(
      (codec) => !deepEqual(wireValueOf(codec, before) ?? null, wireValueOf(codec, after) ?? null),
    );
    const entity = {};
    for (const { column } of changed) column.setEntityValue(entity, column.getEntityValue(after));
    return entity;
  }

  /** Writes what never leaves the device, from the app's own entity. */
  async writeLocalOnly(session: Session, id: string, entity: object): Promise<void> {
    const given = this.localCodecs.flatMap((codec) => {
      const value = wireValueOf(codec, entity);
      return value === undefined ? [] : [{ name: quoted(codec.name), bound: codec.toDatabase(value) }];
    });
    if (given.length === 0) return;
    await session.run(
      `UPDATE ${this.table} SET ${given.map(({ name }) => `${name} = ?`).join(', ')} WHERE ${this.inIds()}`,
      [...given.map(({ bound }) => bound), this.idList([id])],
    );
  }

  /** Of these ids, those that have a row. */
  async existing(session: Session, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows =
      ids.length === 0
        ? []
        : await session.query(`SELECT ${this.id} AS "id" FROM ${this.table} WHERE ${this.inIds()}`, [this.idList(ids)]);
    return new Set(rows.map((row) => String(row['id'])));
  }

  /** SQL: the row is named in one of our tables. The parameter is the kind. */
  isIn(table: string, row = this.table): string {
    return `EXISTS (SELECT 1 FROM "${table}" k WHERE k."kind" = ? AND k."entity_id" = CAST(${row}.${this.id} AS text))`;
  }

  /**
   * Removes what is stored for rows that are not there any more. Looks at no row of the table where nothing is stored.
   */
  forgetSwept(session: Session): Promise<void> {
    return session.run(
      `DELETE FROM "sync_wire_values" WHERE "kind" = ? AND "entity_id" NOT IN (SELECT CAST(${this.id} AS text) FROM ${this.table})`,
      [this.kind],
    );
  }

  /** Removes kept tombstones from before a time (epoch ms) that nobody has pending work on; returns how many (F-69). */
  async removeTombstones(session: Session, before: number): Promise<number> {
    const rows = await session.query<{ id: string | number; at: string }>(
      `SELECT ${this.id} AS "id", ${this.columns.deletedAt} AS "at" FROM ${this.table} WHERE ${this.columns.deletedAt} IS NOT NULL
       AND NOT EXISTS (SELECT 1 FROM "sync_outbox" o WHERE o."kind" = ? AND o."entity_id" = CAST(${this.table}.${this.id} AS text))`,
      [this.kind],
    );
    const old = rows.filter(({ at }) => compareTimestamps(at, String(before)) < 0).map(({ id }) => String(id));
    const held = await this.irremovable(session, old);
    const free = old.filter((id) => !held.has(id));
    await this.remove(session, free);
    await forgetWireValues(session, this.kind, free);
    return old.length - held.size;
  }

  private relations: readonly { readonly kind: string; readonly key: string }[] = [];
  /** What the removal of a row must not take along. */
  inbound = new InboundReferences(this, []);

  /** Tells the table how it hangs together with the others; called once when all are registered. */
  linkTables(all: readonly ReplicaTable[]): void {
    this.relations = this.metadata.foreignKeys.flatMap((foreignKey) => {
      const parent = all.find((table) => table.metadata === foreignKey.referencedEntityMetadata);
      const codec = this.codecs.find((candidate) => candidate.column === foreignKey.columns[0]);
      return parent && codec ? [{ kind: parent.kind, key: codec.wireKey }] : [];
    });
    this.inbound = new InboundReferences(this, all);
  }

  /**
   * Of these ids, those whose removal the database would refuse, or would carry over to rows with pending operations.
   */
  async irremovable(session: Session, ids: readonly string[]): Promise<ReadonlySet<string>> {
    if (this.inbound.isEmpty || ids.length === 0) return new Set();
    const held = await session.query(
      `SELECT ${this.id} AS "id" FROM ${this.table} WHERE ${this.inIds()} AND NOT (true${this.inbound.nothingHolds()})`,
      [this.idList(ids)],
    );
    return new Set(held.map((row) => String(row['id'])));
  }

  /** Removes rows; those that others hold are hidden instead, until a full resync finds them free. */
  async removeOrHide(session: Session, ids: readonly string[], at: string): Promise<void> {
    const held = await this.irremovable(session, ids);
    const free = held.size === 0 ? ids : ids.filter((id) => !held.has(id));
    await this.remove(session, free);
    await forgetWireValues(session, this.kind, free);
    await this.markDeletedLocally(session, [...held], at);
  }

  /** SQL condition: the row is one of these. */
  among(ids: readonly string[]): { readonly sql: string; readonly parameter: string } {
    return { sql: this.inIds(), parameter: this.idList(ids) };
  }

  private idList(ids: readonly string[]): string {
    // What can be no id of this column has no row, and would make PostgreSQL refuse the whole list.
    return listOf(this.boundIds(ids));
  }

  private boundIds(ids: readonly string[]): readonly (string | number)[] {
    return ids.filter((id) => this.ids.complaint(id) === undefined).map((id) => this.ids.toDatabase(id));
  }

  private inIds(): string {
    return this.dialect.inList(`${this.table}.${this.id}`, this.ids.type);
  }
}

/** A mapping of the app that throws says that the row has none: it is quarantined, the page goes on (I13). */
const orNone = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

const checkedJson = (kind: string, row: JsonObject): JsonObject => {
  if (row instanceof Promise) throw new ValidationError(`toJson of ${kind} must be synchronous`);
  return row;
};
