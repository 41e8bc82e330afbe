import { IsNull, type DataSource, type FindManyOptions, type FindOneOptions } from 'typeorm';
import type { EntityMetadata, FindOptionsWhere, ObjectLiteral, Repository } from 'typeorm';
import type { ColumnMetadata } from 'typeorm/metadata/ColumnMetadata.js';
import { ValidationError } from '../../model/errors/errors.ts';
import type { ReplicaTable } from '../../persistence/tables/replica-table.ts';
import { copyEntity } from '../../persistence/writing/copy-entity.ts';
import type { FindRow, FindRows } from '../api/sync-repository.ts';

/** Reads the rows of one table for the app, and remembers the entities it returned. */
export class RepositoryRows<Entity extends ObjectLiteral> {
  readonly #kind: string;
  readonly #metadata: EntityMetadata;
  readonly #idColumn: ColumnMetadata;
  readonly #hiddenBy: readonly string[];
  readonly #rows: Repository<Entity>;
  /** Copies of the returned entities: what the user saw (F-140). */
  readonly #given = new WeakMap<object, Entity>();

  constructor(dataSource: DataSource, { kind, metadata }: ReplicaTable) {
    const [idColumn] = metadata.primaryColumns;
    if (idColumn === undefined) throw new TypeError(`${kind}: the table has no primary column`);
    this.#kind = kind;
    this.#metadata = metadata;
    this.#idColumn = idColumn;
    this.#hiddenBy = metadata.columns
      .map(({ propertyName }) => propertyName)
      .filter((property) => ['deletedAt', 'deleted_at', 'deletedAtLocal', 'deleted_at_local'].includes(property));
    this.#rows = dataSource.getRepository<Entity>(metadata.target);
  }

  idOf(entity: object): string {
    const id: unknown = this.#idColumn.getEntityValue(entity);
    if (typeof id !== 'string' && typeof id !== 'number')
      throw new ValidationError(`${this.#kind}: the entity has no ${this.#idColumn.propertyName}`);
    return String(id);
  }

  /** Assigns an id to an entity that has none. */
  ensureId(entity: Entity, makeId: () => string): void {
    if ((this.#idColumn.getEntityValue(entity) as unknown) === undefined)
      this.#idColumn.setEntityValue(entity, makeId());
  }

  copyOf(entity: Entity | Partial<Entity>): Entity {
    return copyEntity(this.#metadata, entity) as Entity;
  }

  remember(found: readonly Entity[]): void {
    for (const entity of found) this.#given.set(entity, this.copyOf(entity));
  }

  /** The entity as it was returned; undefined if it was not returned by this repository. */
  seenOf(entity: object): Entity | undefined {
    return this.#given.get(entity);
  }

  async find(options: FindRows<Entity>): Promise<Entity[]> {
    const found = await this.#rows.find(this.#queryOf(options));
    this.remember(found);
    return found;
  }

  async findOne(options: FindRow<Entity>): Promise<Entity | null> {
    const found = await this.#rows.findOne(this.#queryOf(options));
    if (found !== null) this.remember([found]);
    return found;
  }

  async findAndCount(options: FindRows<Entity>): Promise<[Entity[], number]> {
    const [found, all] = await this.#rows.findAndCount(this.#queryOf(options));
    this.remember(found);
    return [found, all];
  }

  count(options: FindRows<Entity>): Promise<number> {
    return this.#rows.count(this.#queryOf(options));
  }

  exists(options: FindRows<Entity>): Promise<boolean> {
    return this.#rows.exists(this.#queryOf(options));
  }

  /** The current row that a change edits. Throws `ValidationError` if the row does not exist. */
  async present(id: string | number): Promise<Entity> {
    const entity = await this.findOne({ where: this.#byId(id) });
    if (entity === null)
      throw new ValidationError(`${this.#kind}/${id}: the row to change does not exist; it may have been deleted`);
    return entity;
  }

  /** Copies the written version and date into the entity, as TypeORM's own save does. */
  async showTouched(entity: Entity): Promise<void> {
    const { versionColumn, updateDateColumn } = this.#metadata;
    const touched = [versionColumn, updateDateColumn].filter((column) => column !== undefined);
    if (touched.length === 0) return;
    const stored = await this.#rows.findOne({ where: this.#byId(this.idOf(entity)), withDeleted: true });
    if (stored === null) return;
    for (const column of touched) {
      const value: unknown = column.getEntityValue(stored);
      if (value !== undefined) column.setEntityValue(entity, value);
    }
  }

  #byId(id: string | number): FindOptionsWhere<Entity> {
    return this.#idColumn.createValueMap(id) as FindOptionsWhere<Entity>;
  }

  #queryOf({ policy: _p, timeoutMs: _t, signal: _s, ...options }: FindRows<Entity>): FindManyOptions<Entity> {
    if (options.withDeleted === true) return options;
    const where = this.#shown(options.where);
    return { ...options, ...(where === undefined ? {} : { where }) };
  }

  /** Excludes deleted rows unless the condition selects them. */
  #shown(where: FindOneOptions<Entity>['where']): FindOneOptions<Entity>['where'] {
    const isNull = Object.fromEntries(this.#hiddenBy.map((property) => [property, IsNull()]));
    const one = (condition: FindOptionsWhere<Entity>): FindOptionsWhere<Entity> => ({
      ...(isNull as FindOptionsWhere<Entity>),
      ...condition,
    });
    if (!Array.isArray(where)) return one(where ?? {});
    return where.length === 0 ? one({}) : where.map(one);
  }
}
