import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import type { RawRow } from '../../sql/session.ts';
import type { ReplicaTable } from '../../tables/replica-table.ts';

export const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** A row as it was before the app's transaction first touched it; `synchart_absent`: there was none. */
export interface BeforeRow extends RawRow {
  readonly synchart_n: number;
  readonly synchart_absent: number;
}

/** Lists of columns, quoted. */
export interface UniqueKeys {
  /** Of a partial index all columns are given. */
  readonly all: readonly (readonly string[])[];
  /** Those that hold for every row, deleted ones included. */
  readonly plain: readonly (readonly string[])[];
}

/**
 * Whether statements are noted: 0 no, 1 yes, 2 yes, and a row that is shown must not be inserted over. One row, per
 * connection.
 */
export const captureSwitch = '"synchart_capture"';
export type SwitchMode = 0 | 1 | 2;

/**
 * A captured table, and the SQL that notes what is written to it. Temporary triggers see every path to a row: cascades,
 * query builders, raw SQL, the app's own triggers. They keep the row as it was before; what a transaction changed is
 * the difference at its end.
 */
export class CapturedTable {
  readonly name: string;
  /** Name in SQL of the primary column, unquoted. */
  readonly id: string;
  readonly updatedAt: string;
  readonly deletedAt: string;
  readonly deletedAtLocal: string;
  readonly deletedAtProperty: string;
  readonly deletedAtLocalColumn: ColumnMetadata;
  readonly before: string;
  /** Lists of quoted columns that are unique among all rows, as the triggers were made for. */
  plainUniqueKeys: readonly (readonly string[])[] = [];

  constructor(
    readonly replica: ReplicaTable,
    readonly index: number,
    /** The app maps its entities itself, with `toJson`. */
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

  /** True for rows that queries of the app do not show: deleted here, or by the server. */
  isHidden(row: RawRow): boolean {
    return (row[this.deletedAtLocal] ?? null) !== null || (row[this.deletedAt] ?? null) !== null;
  }

  /** Condition of rows that are not hidden, by the name or alias of the table. */
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
   * Condition of a trigger: what is synchronised of the row changes. A key that the database itself carries over to its
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

  /** Statements that make the noting table and the triggers anew; to be run one by one. */
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
    // REPLACE takes away what a unique value collides with, and fires no trigger for it.
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
      // For the app a deleted row is not there: an UPDATE passes over it, and does not count it.
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
