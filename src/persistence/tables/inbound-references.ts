import type { EntityMetadata } from 'typeorm';
import { quoted } from '../sql/quoted-name.ts';

/** A synced table and its foreign keys, with names as quoted in SQL. */
export interface ReferringTable {
  readonly kind: string;
  readonly metadata: EntityMetadata;
  readonly table: string;
  readonly id: string;
}

/**
 * Foreign keys of synced tables that reference one table and forbid or extend a removal: `CASCADE` deletes the
 * referencing rows, `RESTRICT` and `NO ACTION` refuse it.
 */
export class InboundReferences {
  readonly #target: ReferringTable;
  readonly #references: readonly {
    readonly child: ReferringTable;
    readonly column: string;
    readonly referenced: string;
    readonly cascades: boolean;
  }[];

  constructor(target: ReferringTable, all: readonly ReferringTable[]) {
    this.#target = target;
    this.#references = all.flatMap((child) =>
      child.metadata.foreignKeys
        .filter(
          ({ referencedEntityMetadata, onDelete }) =>
            referencedEntityMetadata === target.metadata && onDelete !== 'SET NULL' && onDelete !== 'DEFAULT',
        )
        .map((foreignKey) => ({
          child,
          column: quoted(foreignKey.columns[0]?.databaseName ?? ''),
          referenced: quoted(foreignKey.referencedColumns[0]?.databaseName ?? ''),
          cascades: foreignKey.onDelete === 'CASCADE',
        })),
    );
  }

  get isEmpty(): boolean {
    return this.#references.length === 0;
  }

  /** Whether rows of the table hold other rows of it. Such a tree is removed from the leaves. */
  get holdsItself(): boolean {
    return this.#references.some(({ child, cascades }) => child.table === this.#target.table && !cascades);
  }

  /**
   * SQL condition for rows without holders: no child with pending operations that would be deleted, and no child at all
   * if the database would refuse. Begins with AND.
   */
  nothingHolds(): string {
    const { table, id } = this.#target;
    return this.#references
      .map(({ child, column, referenced, cascades }) => {
        const others = child.table === table ? ` AND c.${child.id} <> ${table}.${id}` : '';
        return cascades
          ? ` AND NOT EXISTS (SELECT 1 FROM ${child.table} c JOIN "sync_outbox" o ON o."kind" = '${child.kind.replaceAll("'", "''")}'
          AND o."entity_id" = CAST(c.${child.id} AS text) WHERE c.${column} = ${table}.${referenced}${others})`
          : ` AND NOT EXISTS (SELECT 1 FROM ${child.table} c WHERE c.${column} = ${table}.${referenced}${others})`;
      })
      .join('');
  }
}
