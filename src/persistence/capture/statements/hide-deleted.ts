import { SelectQueryBuilder, type EntityMetadata } from 'typeorm';
import type { CapturedTable } from '../entities/captured-table.ts';

/** The properties of rows that queries do not show when they are set, by entity. */
const hiding = new WeakMap<EntityMetadata, readonly string[]>();

type Builder = SelectQueryBuilder<object>;
type Method = (this: Builder, ...parameters: readonly unknown[]) => unknown;

/**
 * Lets find, count and query builders of an entity pass over rows that were deleted, here or by the server, unless they ask `withDeleted`. Also
 * gives TypeORM the column for softRemove, softDelete, recover and restore, where the entity has none of its own.
 */
export function hideDeleted(table: CapturedTable): void {
  const { metadata } = table.replica;
  metadata.deleteDateColumn ??= table.deletedAtLocalColumn;
  const handled = metadata.deleteDateColumn.propertyName;
  hiding.set(
    metadata,
    [table.deletedAtLocalColumn.propertyName, table.deletedAtProperty].filter((property) => property !== handled),
  );
  patch();
}

let isPatched = false;

/** TypeORM knows one such column per entity; a synchronised one has two. */
function patch(): void {
  if (isPatched) return;
  isPatched = true;
  const prototype: object = SelectQueryBuilder.prototype;
  const where = Reflect.get(prototype, 'createWhereExpression') as Method;
  const join = Reflect.get(prototype, 'join') as Method;
  const conditionOf = (metadata: EntityMetadata | undefined, alias: string): string =>
    (metadata === undefined ? [] : (hiding.get(metadata) ?? [])).map((property) => `${alias}.${property} IS NULL`).join(' AND ');

  const whereShown: Method = function () {
    const { expressionMap } = this;
    const { mainAlias, queryType, withDeleted, extraAppendedAndWhereCondition: given } = expressionMap;
    const condition = mainAlias?.hasMetadata && queryType === 'select' && !withDeleted ? conditionOf(mainAlias.metadata, mainAlias.name) : '';
    if (condition === '') return where.call(this);
    expressionMap.extraAppendedAndWhereCondition = given === '' ? condition : `(${given}) AND ${condition}`;
    try {
      return where.call(this);
    } finally {
      expressionMap.extraAppendedAndWhereCondition = given;
    }
  };
  const joinShown: Method = function (...parameters) {
    const known = this.expressionMap.joinAttributes.length;
    const result = join.apply(this, [...parameters]);
    const added = this.expressionMap.joinAttributes[known];
    const condition = added === undefined || this.expressionMap.withDeleted ? '' : conditionOf(added.metadata, added.alias.name);
    if (added !== undefined && condition !== '') added.condition = added.condition ? `${added.condition} AND ${condition}` : condition;
    return result;
  };
  Object.defineProperty(prototype, 'createWhereExpression', { value: whereShown, configurable: true, writable: true });
  Object.defineProperty(prototype, 'join', { value: joinShown, configurable: true, writable: true });
}
