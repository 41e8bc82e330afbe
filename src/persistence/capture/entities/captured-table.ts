import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { RawRow } from '../../sql/session.ts';
import type { ReplicaTable } from '../../tables/replica-table.ts';

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A row before the app's transaction first touched it. `synchart_absent`: it did not exist. */
export interface BeforeRow extends RawRow {
  readonly synchart_n: number;
  readonly synchart_absent: number;
}

/** Lists of columns, quoted. */
export interface UniqueKeys {
  /** All unique keys. A partial index lists all its columns. */
  readonly all: readonly (readonly string[])[];
  /** Unique keys that apply to every row, including deleted ones. */
  readonly plain: readonly (readonly string[])[];
}

/** Controls the triggers: 0 off, 1 on, 2 on and inserts over visible rows are rejected. One row per connection. */
export const captureSwitch = '"synchart_capture"';
export type SwitchMode = 0 | 1 | 2;

/**
 * A captured table and the SQL that records writes to it. Temporary triggers see every kind of write: cascades, query
 * builders, raw SQL, the app's own triggers. They store the row before the write; the change is the difference at the
 * end of the transaction.
 */
export class CapturedTable {
  readonly name: string;
  /** SQL name of the primary column, unquoted. */
  readonly id: string;
  readonly updatedAt: string;
  readonly deletedAt: string;
  readonly deletedAtLocal: string;
  readonly deletedAtProperty: string;
  readonly deletedAtLocalColumn: ColumnMetadata;
  readonly before: string;
  /** Lists of quoted columns that are unique among all rows, as used by the current triggers. */
  plainUniqueKeys: readonly (readonly string[])[] = [];

  constructor(
    readonly replica: ReplicaTable,
    readonly index: number,
    /** The app maps its entities itself with `toJson`. */
    readonly isMapped: boolean,
  ) {
    const { metadata, keys, codecs } = replica;
    const columnOf = (wireKey: string): ColumnMetadata => {
      const codec = codecs.find((candidate) => candidate.wireKey === wireKey);
      if (!codec) throw new TypeError(`captureWrites: ${metadata.name} has no column for '${wireKey}'`);
      return codec.column;
    };
    const local = metadata.columns.find(
      ({ propertyName }) => propertyName === 'deletedAtLocal' || propertyName === 'deleted_at_local',
    );
    if (!local) throw new TypeError(`captureWrites: ${metadata.name} has no column 'deletedAtLocal'`);
    this.name = metadata.tableName;
    this.id = columnOf(keys.id).databaseName;
    this.updatedAt = columnOf(keys.updatedAt).databaseName;
    this.deletedAt = columnOf(keys.deletedAt).databaseName;
    this.deletedAtProperty = columnOf(keys.deletedAt).propertyName;
    this.deletedAtLocal = local.databaseName;
    this.deletedAtLocalColumn = local;
    this.before = `"synchart_before_${index}"`;
  }

  /** True for rows hidden from the app's queries: deleted here or by the server. */
  isHidden(row: RawRow): boolean {
    return (row[this.deletedAtLocal] ?? null) !== null || (row[this.deletedAt] ?? null) !== null;
  }

  /** SQL condition for visible rows, by the name or alias of the table. */
  shown(alias: string): string {
    return `${alias}.${quoted(this.deletedAtLocal)} IS NULL AND ${alias}.${quoted(this.deletedAt)} IS NULL`;
  }

  /** All columns, quoted. */
  get columns(): readonly string[] {
    return this.replica.metadata.columns
      .filter((column) => !column.isVirtualProperty)
      .map((column) => quoted(column.databaseName));
  }

  /**
   * Trigger condition: a synchronised part of the row changes. A key that the database itself propagates to its
   * children does not count.
   */
  private get isEdited(): string {
    const followed = this.replica.metadata.foreignKeys.filter(
      ({ onUpdate }) => onUpdate !== undefined && !['NO ACTION', 'RESTRICT'].includes(onUpdate),
    );
    const left = new Set([this.updatedAt, this.deletedAt, ...followed.flatMap(({ columnNames }) => columnNames)]);
    const edited = this.replica.codecs
      .filter(({ name }) => !left.has(name))
      .map(({ name }) => `NEW.${quoted(name)} IS NOT OLD.${quoted(name)}`);
    return `(${edited.join(' OR ')})`;
  }

  /** Statements that recreate the recording table and the triggers. Run them one by one. */
  install({ all: uniqueKeys, plain }: UniqueKeys): readonly string[] {
    this.plainUniqueKeys = plain;
    const { before } = this;
    const [table, id, hidden] = [quoted(this.name), quoted(this.id), quoted(this.deletedAtLocal)];
    const { columns } = this;
    const trigger = (what: string): string => `"synchart_capture_${this.index}_${what}"`;
    const mode = `(SELECT "on" FROM temp.${captureSwitch})`;
    const on = `${mode} > 0`;
    const isNoted = (value: string): string => `EXISTS (SELECT 1 FROM ${before} b WHERE b.${id} = ${value})`;
    const noteStored = (condition: string): string =>
      `INSERT INTO ${before} ("synchart_absent", ${columns.join(', ')}) SELECT 0, ${columns.map((name) => `t.${name}`).join(', ')} FROM main.${table} t
       WHERE ${condition} AND NOT ${isNoted(`t.${id}`)};`;
    const noteNew = `${noteStored(`t.${id} = NEW.${id}`)}
       INSERT INTO ${before} ("synchart_absent", ${id}) SELECT 1, NEW.${id} WHERE NOT ${isNoted(`NEW.${id}`)};`;
    // REPLACE removes rows with colliding unique values without firing a trigger.
    const noteCollisions = uniqueKeys
      .map((names) => noteStored(names.map((name) => `t.${name} = NEW.${name}`).join(' AND ')))
      .join('\n');
    const drop = ['insert', 'update', 'rename', 'delete'].map((what) => `DROP TRIGGER IF EXISTS temp.${trigger(what)}`);
    return [
      ...drop,
      `DROP TABLE IF EXISTS temp.${before}`,
      `CREATE TEMP TABLE ${before} ("synchart_n" INTEGER PRIMARY KEY AUTOINCREMENT, "synchart_absent", ${columns.join(', ')}, UNIQUE (${id}))`,
      `CREATE TEMP TRIGGER ${trigger('insert')} BEFORE INSERT ON main.${table} WHEN ${on}
       BEGIN
       SELECT RAISE(ABORT, 'synchart: a row of a synchronised table needs an id of its own, such as a UUID') WHERE NEW.${id} IS NULL OR NEW.${id} IN ('', -1);
       SELECT RAISE(ABORT, 'UNIQUE constraint failed') WHERE ${mode} = 2 AND EXISTS (SELECT 1 FROM main.${table} t WHERE t.${id} = NEW.${id} AND ${this.shown('t')});
       ${noteNew}
       ${noteCollisions}
       END`,
      // Deleted rows do not exist for the app. An UPDATE skips them and does not count them.
      `CREATE TEMP TRIGGER ${trigger('update')} BEFORE UPDATE ON main.${table} WHEN ${on}
       BEGIN
       SELECT RAISE(IGNORE) WHERE NOT (${this.shown('OLD')}) AND NOT (${this.shown('NEW')}) AND ${this.isEdited};
       INSERT INTO ${before} ("synchart_absent", ${columns.join(', ')}) SELECT 0, ${columns.map((name) => `OLD.${name}`).join(', ')} WHERE NOT ${isNoted(`OLD.${id}`)};
       ${noteCollisions}
       END`,
      `CREATE TEMP TRIGGER ${trigger('rename')} BEFORE UPDATE OF ${id} ON main.${table} WHEN NEW.${id} IS NOT OLD.${id} AND ${on}
       BEGIN
       ${noteNew}
       END`,
      // A deletion hides the row until the server has it.
      `CREATE TEMP TRIGGER ${trigger('delete')} BEFORE DELETE ON main.${table} WHEN ${on}
       BEGIN
       UPDATE ${table} SET ${hidden} = strftime('%Y-%m-%dT%H:%M:%fZ', 'now') WHERE ${id} = OLD.${id} AND ${this.shown(table)};
       SELECT RAISE(IGNORE);
       END`,
    ];
  }
}
