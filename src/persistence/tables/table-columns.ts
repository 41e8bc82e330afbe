import type { DataSource, EntityMetadata } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { ValidationError } from '../../model/errors/errors.ts';
import type { ColumnCodec } from '../columns/column-codec.ts';
import { createIdColumn, type IdColumn } from '../columns/id-column.ts';
import { dialectOf } from '../drivers/profile-of.ts';
import type { Dialect } from '../sql/session.ts';
import { quoted } from '../sql/quoted-name.ts';

/** The columns that registration found in an entity. */
export interface FoundColumns {
  readonly dataSource: DataSource;
  readonly metadata: EntityMetadata;
  readonly kind: string;
  readonly codecs: readonly ColumnCodec[];
  readonly localCodecs: readonly ColumnCodec[];
  readonly idColumn: ColumnMetadata;
  readonly updatedAt: ColumnMetadata;
  readonly deletedAt: ColumnMetadata;
  readonly deletedAtLocal: ColumnMetadata;
}

/** The columns of a synced table: wire keys, codecs, and names quoted for SQL. */
export class TableColumns {
  readonly kind: string;
  readonly metadata: EntityMetadata;
  readonly dialect: Dialect;
  /** Columns that the server knows. */
  readonly codecs: readonly ColumnCodec[];
  /** Columns that never leave the device. */
  readonly localCodecs: readonly ColumnCodec[];
  /** Columns of the app's own fields. */
  readonly edited: readonly ColumnCodec[];
  readonly idCodec: ColumnCodec;
  readonly ids: IdColumn;
  /** Wire keys of the sync fields. */
  readonly keys: { readonly id: string; readonly updatedAt: string; readonly deletedAt: string };
  /** The table name, quoted for SQL. */
  readonly table: string;
  /** The id column, quoted for SQL. */
  readonly id: string;
  /** The sync columns, quoted for SQL. */
  readonly names: { readonly updatedAt: string; readonly deletedAt: string; readonly deletedAtLocal: string };
  readonly #byKey: ReadonlyMap<string, ColumnCodec>;
  readonly #byProperty: ReadonlyMap<string, ColumnCodec>;

  constructor(found: FoundColumns) {
    const { metadata, codecs } = found;
    this.kind = found.kind;
    this.metadata = metadata;
    this.dialect = dialectOf(found.dataSource);
    this.codecs = codecs;
    this.localCodecs = found.localCodecs;
    this.#byKey = new Map(codecs.map((codec) => [codec.wireKey, codec]));
    this.#byProperty = new Map(codecs.map((codec) => [codec.property, codec]));
    const codecOf = (column: ColumnMetadata): ColumnCodec => {
      const codec = codecs.find((candidate) => candidate.column === column);
      if (!codec)
        throw new TypeError(
          `syncTable(${metadata.name}): column '${column.propertyName}' must be synchronised and cannot be localOnly`,
        );
      return codec;
    };
    this.idCodec = codecOf(found.idColumn);
    this.ids = createIdColumn(found.idColumn, this.idCodec.complaint('text') !== undefined, this.dialect);
    this.keys = {
      id: this.idCodec.wireKey,
      updatedAt: codecOf(found.updatedAt).wireKey,
      deletedAt: codecOf(found.deletedAt).wireKey,
    };
    const own: readonly string[] = Object.values(this.keys);
    this.edited = codecs.filter(({ wireKey }) => !own.includes(wireKey));
    this.table = [metadata.schema, metadata.tableName]
      .flatMap((name) => (name === undefined ? [] : [quoted(name)]))
      .join('.');
    this.id = quoted(this.idCodec.name);
    this.names = {
      updatedAt: quoted(found.updatedAt.databaseName),
      deletedAt: quoted(found.deletedAt.databaseName),
      deletedAtLocal: quoted(found.deletedAtLocal.databaseName),
    };
  }

  hasProperty(property: string): boolean {
    return this.#byProperty.has(property);
  }

  /** The entity property of a wire key. */
  propertyOf(wireKey: string): string | undefined {
    return this.#byKey.get(wireKey)?.property;
  }

  /** The wire key of an entity property. Throws `ValidationError` for a property that is not a synchronised column. */
  wireKeyOf(property: string): string {
    const codec = this.#byProperty.get(property) ?? this.#byKey.get(property);
    if (!codec)
      throw new ValidationError(
        `'${property}' is not a synchronised column of ${this.kind}; known are ${[...this.#byProperty.keys()].join(', ')}`,
      );
    return codec.wireKey;
  }
}
