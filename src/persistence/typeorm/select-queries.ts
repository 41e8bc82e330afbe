import { SelectQueryBuilder, type EntityMetadata } from 'typeorm';

type Builder = SelectQueryBuilder<object>;
type Method = (this: Builder, ...parameters: readonly unknown[]) => unknown;
/** Returns the condition that an alias of an entity must meet; empty where the alias has no condition. */
export type ConditionOf = (metadata: EntityMetadata, alias: string) => string;

let isPatched = false;

/**
 * Adds a condition to every SELECT of every data source, unless it asks `withDeleted`. Patches the protected
 * `QueryBuilder.createWhereExpression` for the main alias, through `expressionMap.extraAppendedAndWhereCondition`, and
 * the protected `SelectQueryBuilder.join` for joined entities. The first call holds.
 */
export function addSelectCondition(given: ConditionOf): void {
  if (isPatched) return;
  isPatched = true;
  const prototype: object = SelectQueryBuilder.prototype;
  const where = Reflect.get(prototype, 'createWhereExpression') as Method;
  const join = Reflect.get(prototype, 'join') as Method;

  const whereToo: Method = function () {
    const { expressionMap } = this;
    const { mainAlias, queryType, withDeleted, extraAppendedAndWhereCondition: before } = expressionMap;
    const condition =
      mainAlias?.hasMetadata && queryType === 'select' && !withDeleted ? given(mainAlias.metadata, mainAlias.name) : '';
    if (condition === '') return where.call(this);
    expressionMap.extraAppendedAndWhereCondition = before === '' ? condition : `(${before}) AND ${condition}`;
    try {
      return where.call(this);
    } finally {
      expressionMap.extraAppendedAndWhereCondition = before;
    }
  };
  const joinToo: Method = function (...parameters) {
    const known = this.expressionMap.joinAttributes.length;
    const result = join.apply(this, [...parameters]);
    const added = this.expressionMap.joinAttributes[known];
    const isFree = added?.metadata === undefined || this.expressionMap.withDeleted;
    const condition = isFree ? '' : given(added.metadata, added.alias.name);
    if (added !== undefined && condition !== '')
      added.condition = added.condition ? `${added.condition} AND ${condition}` : condition;
    return result;
  };
  Object.defineProperty(prototype, 'createWhereExpression', { value: whereToo, configurable: true, writable: true });
  Object.defineProperty(prototype, 'join', { value: joinToo, configurable: true, writable: true });
}
