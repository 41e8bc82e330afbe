import type { ObjectLiteral } from 'typeorm';
import { ValidationError } from '../../model/errors/errors.ts';
import { withoutMark } from '../../model/values/exact-number.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { keepDigits } from '../../rules/values/keep-digits.ts';
import { timestampText } from '../../rules/values/timestamp.ts';
import { rawToWire, wireValueOf } from '../columns/column-codec.ts';
import { RowBinder } from '../columns/row-binder.ts';
import { wireValuesAlias, withSentValues } from '../columns/wire-values.ts';
import type { RawRow } from '../sql/session.ts';
import { harmIn } from './harmful-row.ts';
import type { SyncTableOptions } from './sync-table.ts';
import type { TableColumns } from './table-columns.ts';

/** Converts rows of a synced table between wire, entity and columns. Does not access the database. */
export class RowMapping {
  readonly kind: string;
  readonly keys: TableColumns['keys'];
  /** Converts wire rows to the values of their columns. */
  readonly binder: RowBinder;
  readonly #columns: TableColumns;
  readonly #options: SyncTableOptions<ObjectLiteral>;
  /** Rows read here with the values of their columns, if the server sent others. */
  readonly #shownAs = new WeakMap<JsonObject, JsonObject>();

  constructor(columns: TableColumns, options: SyncTableOptions<ObjectLiteral>) {
    this.kind = columns.kind;
    this.keys = columns.keys;
    this.#columns = columns;
    this.#options = options;
    this.binder = new RowBinder({
      table: this,
      codecs: columns.codecs,
      idCodec: columns.idCodec,
      idToDatabase: columns.ids.toDatabase,
      fromJson: options.fromJson?.bind(options),
    });
  }

  readId(row: JsonObject): string | undefined {
    const given = withoutMark(
      orNone(() => this.#options.getId?.(row)) ?? row[this.keys.id] ?? row['id'] ?? row['ID'] ?? row['uuid'],
    );
    return (typeof given === 'string' && given !== '') || typeof given === 'number' ? String(given) : undefined;
  }

  readUpdatedAt(row: JsonObject): string | undefined {
    return timestampText(
      orNone(() => this.#options.getUpdatedAt?.(row)) ??
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

  /**
   * Whether a server row has every column, so that nothing of an older copy shows through. Unknown for rows that the
   * app maps itself.
   */
  isComplete(row: JsonObject): boolean {
    const { id, updatedAt, deletedAt } = this.keys;
    return (
      this.#options.fromJson === undefined &&
      this.#columns.codecs.every(
        ({ wireKey }) =>
          Object.hasOwn(row, wireKey) || wireKey === id || wireKey === updatedAt || wireKey === deletedAt,
      )
    );
  }

  /** Whether the table stores sent values. For rows that the app maps, the mapping defines the wire value. */
  get keepsSentValues(): boolean {
    return this.#options.toJson === undefined && this.#options.fromJson === undefined;
  }

  /**
   * An entity as the server will see it: without local-only columns, `deletedAtLocal`, and columns with an undefined
   * property.
   */
  entityToWire(entity: object): JsonObject {
    if (this.#options.toJson) return this.#checked(this.#options.toJson(entity));
    const row: Record<string, Json> = {};
    for (const codec of this.#columns.codecs) {
      const value = wireValueOf(codec, entity);
      if (value !== undefined) row[codec.wireKey] = value;
    }
    return row;
  }

  /** Converts a result row to wire JSON. */
  rawToWire(raw: RawRow): JsonObject {
    const { codecs, metadata } = this.#columns;
    if (!this.#options.toJson) {
      const shown = rawToWire(codecs, raw);
      const row = withSentValues(shown, raw[wireValuesAlias]);
      if (row !== shown) this.#shownAs.set(row, shown);
      return row;
    }
    const entity = metadata.create();
    for (const codec of codecs)
      codec.column.setEntityValue(
        entity,
        metadata.connection?.driver.prepareHydratedValue(raw[codec.name], codec.column) ?? raw[codec.name],
      );
    return this.#checked(this.#options.toJson(entity));
  }

  /** A row read here with the values of its columns, as an entity shows it. */
  shown(row: JsonObject): JsonObject {
    return this.#shownAs.get(row) ?? row;
  }

  /**
   * Restores exact values in a row from somebody who saw `known` as an entity: values that the entity could not show
   * exactly, and that were not changed, stay as they were.
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

  /** Why a wire row cannot be stored; undefined if its types allow it. */
  complaintAbout(row: JsonObject): string | undefined {
    const { codecs, idCodec, ids } = this.#columns;
    const id = this.readId(row);
    const harm =
      (id === undefined ? undefined : ids.complaint(id)) ?? harmIn(row, this.#options.fromJson ? undefined : codecs);
    if (harm !== undefined || this.#options.fromJson) return harm;
    for (const codec of codecs) {
      if (codec === idCodec || codec.wireKey === this.keys.updatedAt || codec.wireKey === this.keys.deletedAt) continue;
      const complaint = codec.complaint(row[codec.wireKey]);
      if (complaint !== undefined) return `field '${codec.wireKey}' ${complaint}`;
    }
    return undefined;
  }

  /** Like {@link complaintAbout}, including the mapping of each column or `fromJson`. */
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

  /** The values that a row writes, by column name. Unwritten columns are absent. Throws what `fromJson` throws. */
  columnsOf(row: JsonObject): ReadonlyMap<string, unknown> {
    const bound = [...this.binder.bindAll([row])];
    return new Map(
      bound.flatMap(({ codecs, rows: [values] }) => codecs.map(({ name }, index) => [name, values?.[index]])),
    );
  }

  /** The local-only properties of an entity that differ from an older copy. */
  localChanges(before: object, after: object): object {
    const changed = this.#columns.localCodecs.filter(
      (codec) => !deepEqual(wireValueOf(codec, before) ?? null, wireValueOf(codec, after) ?? null),
    );
    const entity = {};
    for (const { column } of changed) column.setEntityValue(entity, column.getEntityValue(after));
    return entity;
  }

  #checked(row: JsonObject): JsonObject {
    if (row instanceof Promise) throw new ValidationError(`toJson of ${this.kind} must be synchronous`);
    return row;
  }
}

/** A mapping that throws counts as no value: the row is quarantined, and the page continues (I13). */
const orNone = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};
