import type { EntityMetadata } from 'typeorm';
import { quoted, quotedTable } from '../sql/quoted-name.ts';
import { listOf, type Session, type SqlType } from '../sql/session.ts';

/**
 * The paths of a `materialized-path` tree. They follow from ids and parents, so no server sends them; each write of the
 * engine derives them again. If a path is missing, TypeORM treats every row of the table as a descendant.
 */
export class TreePaths {
  readonly #table: string;
  readonly #id: string;
  readonly #parent: string;
  readonly #path: string;

  private constructor(names: {
    readonly table: string;
    readonly id: string;
    readonly parent: string;
    readonly path: string;
  }) {
    this.#table = names.table;
    this.#id = names.id;
    this.#parent = names.parent;
    this.#path = names.path;
  }

  /** Undefined for an entity without paths. */
  static of(metadata: EntityMetadata): TreePaths | undefined {
    const path = metadata.materializedPathColumn;
    const parent = metadata.treeParentRelation?.joinColumns[0];
    const id = metadata.primaryColumns[0];
    if (metadata.treeType !== 'materialized-path' || path === undefined || parent === undefined || id === undefined)
      return undefined;
    return new TreePaths({
      table: quotedTable(metadata),
      id: quoted(id.databaseName),
      parent: quoted(parent.databaseName),
      path: quoted(path.databaseName),
    });
  }

  /**
   * Derives the paths of these rows and of everything below moved rows. A row whose parent is missing is a root until
   * the parent arrives.
   */
  async derive(session: Session, ids: readonly (string | number)[], type: SqlType | undefined): Promise<void> {
    if (ids.length > 0) await session.run(this.#update(session.dialect.inList(`c.${this.#id}`, type)), [listOf(ids)]);
  }

  /** Derives every wrong path. */
  async deriveAll(session: Session): Promise<void> {
    await session.run(this.#update('true'));
  }

  /** Whether a row has a path that does not follow from its parent's. */
  async hasWrong(session: Session): Promise<boolean> {
    const found = await session.query(`SELECT 1 AS "wrong" FROM ${this.#withParent} WHERE ${this.#isWrong} LIMIT 1`);
    return found.length > 0;
  }

  /** Ids of the direct children of these rows. */
  async childrenOf(
    session: Session,
    ids: readonly (string | number)[],
    type: SqlType | undefined,
  ): Promise<readonly (string | number)[]> {
    const rows = await session.query<{ id: string | number }>(
      `SELECT c.${this.#id} AS "id" FROM ${this.#table} c WHERE ${session.dialect.inList(`c.${this.#parent}`, type)}`,
      [listOf(ids)],
    );
    return rows.map(({ id }) => id);
  }

  get #withParent(): string {
    return `${this.#table} c LEFT JOIN ${this.#table} p ON p.${this.#id} = c.${this.#parent}`;
  }

  get #right(): string {
    return `COALESCE(p.${this.#path}, '') || c.${this.#id} || '.'`;
  }

  get #isWrong(): string {
    return `(c.${this.#path} IS NULL OR c.${this.#path} <> ${this.#right})`;
  }

  /** A cycle of parents has no root, so its rows keep their paths. */
  #update(among: string): string {
    const [table, id, parent, path] = [this.#table, this.#id, this.#parent, this.#path];
    return `WITH RECURSIVE "moved"("id") AS (
      SELECT c.${id} FROM ${this.#withParent} WHERE ${among} AND ${this.#isWrong}
      UNION SELECT c.${id} FROM ${table} c JOIN "moved" m ON c.${parent} = m."id"
    ), "paths"("id", "path") AS (
      SELECT c.${id}, ${this.#right} FROM ${this.#withParent}
      WHERE c.${id} IN (SELECT "id" FROM "moved") AND (c.${parent} IS NULL OR c.${parent} NOT IN (SELECT "id" FROM "moved"))
      UNION ALL SELECT c.${id}, x."path" || c.${id} || '.' FROM ${table} c JOIN "paths" x ON c.${parent} = x."id"
    ) UPDATE ${table} SET ${path} = "paths"."path" FROM "paths" WHERE ${table}.${id} = "paths"."id"`;
  }
}
