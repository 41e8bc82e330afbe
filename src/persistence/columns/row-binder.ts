import { ValidationError } from '../../model/errors/errors.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { wireValueOf, type ColumnCodec } from './column-codec.ts';

/** Rows with the same columns, ready to bind. */
export interface BoundRows {
  readonly codecs: readonly ColumnCodec[];
  readonly rows: (readonly unknown[])[];
}

/** Reads the sync fields of a table's wire rows, whatever their keys are. */
interface RowReader {
  readonly kind: string;
  readonly keys: { readonly updatedAt: string; readonly deletedAt: string };
  readId(row: JsonObject): string | undefined;
  readUpdatedAt(row: JsonObject): string | undefined;
  readDeletedAt(row: JsonObject): Json | undefined;
}

interface BinderOptions {
  readonly table: RowReader;
  readonly codecs: readonly ColumnCodec[];
  readonly idCodec: ColumnCodec;
  readonly idToDatabase: (id: string) => string | number;
  /** The app's own mapping of a wire row to an entity. */
  readonly fromJson: ((row: JsonObject) => object) | undefined;
}

/** Converts wire rows to the values of their columns. Omits columns whose key is missing. */
export class RowBinder {
  readonly #options: BinderOptions;

  constructor(options: BinderOptions) {
    this.#options = options;
  }

  /** Binds rows, grouped by equal columns. Throws like {@link RowBinder.bind}. */
  bindAll(rows: readonly JsonObject[]): Iterable<BoundRows> {
    const { codecs } = this.#options;
    const groups = new Map<string, BoundRows>();
    for (const row of rows) {
      const missing: number[] = [];
      const values = this.bind(row, missing);
      const shape = missing.join();
      const group = groups.get(shape);
      if (group !== undefined) group.rows.push(values);
      else
        groups.set(shape, {
          codecs: missing.length === 0 ? codecs : codecs.filter((_, index) => !missing.includes(index)),
          rows: [values],
        });
    }
    return groups.values();
  }

  /**
   * The values of a row; `missing` receives the positions of absent columns. Throws `ValidationError` when the app's
   * mapping fails.
   */
  bind(row: JsonObject, missing: number[] = []): readonly unknown[] {
    const entity = this.#mapped(row);
    const values: unknown[] = [];
    let index = 0;
    for (const codec of this.#options.codecs) {
      const value = this.#valueOf(codec, row, entity);
      if (value === undefined) missing.push(index);
      else values.push(this.#toDatabase(codec, value));
      index += 1;
    }
    return values;
  }

  #mapped(row: JsonObject): object | undefined {
    const { fromJson, table } = this.#options;
    if (!fromJson) return undefined;
    try {
      return fromJson(row);
    } catch (cause) {
      throw new ValidationError(
        `fromJson of ${table.kind} failed: ${cause instanceof Error ? cause.message : String(cause)}`,
        { cause },
      );
    }
  }

  /** The value of a column; undefined leaves it unchanged. Sync fields are read in the same way everywhere. */
  #valueOf(codec: ColumnCodec, row: JsonObject, entity: object | undefined): Json | undefined {
    const { table, idCodec } = this.#options;
    const value = entity === undefined ? row[codec.wireKey] : wireValueOf(codec, entity);
    if (codec === idCodec) return table.readId(row) ?? value;
    if (codec.wireKey === table.keys.updatedAt) return table.readUpdatedAt(row) ?? value;
    // A row that names no deletion lives, also where it was deleted before: servers leave out null, or spell the key
    // in another way.
    if (codec.wireKey === table.keys.deletedAt) return value ?? table.readDeletedAt(row) ?? null;
    return value;
  }

  #toDatabase(codec: ColumnCodec, value: Json): unknown {
    const { table, idCodec, idToDatabase } = this.#options;
    if (codec === idCodec) return idToDatabase(String(value));
    // The server's own text, even for a number (epoch ms).
    if (typeof value === 'number' && (codec.wireKey === table.keys.updatedAt || codec.wireKey === table.keys.deletedAt))
      return String(value);
    return codec.toDatabase(value);
  }
}
