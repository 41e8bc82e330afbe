import { isJsonObject, type JsonObject } from '../../model/values/json.ts';
import { upsertOp, type UpsertOp } from '../../model/operation.ts';
import { aFunction, isFunction, valueThat, wholeFrom } from '../../model/options/bounds.ts';
import { withDefaults } from '../../model/options/complete-options.ts';
import { byDefault, optional, type OptionList } from '../../model/options/option-list.ts';

/** The part of a table's registration that describes how its rows changed between releases of the app. */
export interface TableSchemaOptions {
  /**
   * Version of the table's format. Increase it when a column is added, renamed or removed, or changes its meaning.
   * Queued operations are then upgraded, and the table is pulled again.
   *
   * @defaultValue 1
   */
  readonly version?: number;
  /**
   * Converts a queued upsert from the format of `fromVersion` to the current one: payload, `changedFields` and
   * `deltas`, all by wire key. Must be synchronous and pure. It is called once per operation, however many versions lie
   * between. If it throws, the operation is stuck until a later release can upgrade it or somebody drops it. Without
   * this function, operations stay unchanged. Add only fields that the user decided; the server keeps its value of a
   * field that is not in the payload.
   */
  upgradeOperation?(op: UpsertOp, fromVersion: number): UpsertOp;
  /**
   * Like {@link upgradeOperation}, for whole rows: the base rows of merges, and both sides of a conflict.
   *
   * @defaultValue `upgradeOperation` of an upsert with that row as its payload and without `changedFields`
   */
  upgradeRow?(row: JsonObject, fromVersion: number): JsonObject;
  /**
   * Whether a new version pulls all rows of this table again, in a full resync of this table only. The older version
   * ignored columns that it did not know.
   *
   * @defaultValue true
   */
  readonly resync?: boolean | ((fromVersion: number) => boolean);
}

/** Upgrades the stored data of a registered table to the current format. */
export interface TableSchema {
  readonly version: number;
  /** Throws the error of the hook, or `TypeError` for a result that is not an operation on the same row. */
  upgradeOperation(op: UpsertOp, fromVersion: number): UpsertOp;
  upgradeRow(row: JsonObject, fromVersion: number): JsonObject;
  needsResync(fromVersion: number): boolean;
}

/** Defaults and bounds of {@link TableSchemaOptions}. */
export const schemaOptions = {
  version: byDefault(1, { ...wholeFrom(1), holds: (value) => wholeFrom(1).holds(value) && Number(value) < 2 ** 31 }),
  upgradeOperation: optional(aFunction),
  upgradeRow: optional(aFunction),
  resync: byDefault(
    true,
    valueThat('true, false or a function', (value) => typeof value === 'boolean' || isFunction(value)),
  ),
} satisfies OptionList<TableSchemaOptions>;

export function createTableSchema(kind: string, options: TableSchemaOptions): TableSchema {
  const { version, resync } = withDefaults<TableSchemaOptions, typeof schemaOptions>(schemaOptions, options);
  const upgradeOperation = (op: UpsertOp, fromVersion: number): UpsertOp => {
    if (options.upgradeOperation === undefined) return op;
    const upgraded: unknown = options.upgradeOperation(op, fromVersion);
    return checked(kind, op, upgraded);
  };
  return {
    version,
    upgradeOperation,
    upgradeRow: (row, fromVersion) => {
      if (options.upgradeRow === undefined)
        return upgradeOperation(
          upsertOp({ kind, id: 'row', opId: 'row', payload: row, creates: false, localTimestamp: new Date(0) }),
          fromVersion,
        ).payload;
      const upgraded: unknown = options.upgradeRow(row, fromVersion);
      if (!isRow(upgraded))
        throw new TypeError(
          `upgradeRow of '${kind}' must return the row itself (it is synchronous), got ${describe(upgraded)}`,
        );
      return upgraded;
    },
    needsResync: (fromVersion) => (typeof resync === 'function' ? resync(fromVersion) : resync),
  };
}

/** Only the content may change. Id, row and kind of an operation stay as queued. */
function checked(kind: string, op: UpsertOp, upgraded: unknown): UpsertOp {
  const named = `upgradeOperation of '${kind}'`;
  if (typeof upgraded !== 'object' || upgraded === null || !('payload' in upgraded) || !isRow(upgraded.payload))
    throw new TypeError(`${named} must return the operation itself (it is synchronous), got ${describe(upgraded)}`);
  const { payload, changedFields, deltas, type, opId, id } = upgraded as UpsertOp;
  if (type !== op.type || opId !== op.opId || id !== op.id)
    throw new TypeError(`${named} must return an upsert of the same row under the same opId`);
  const { changedFields: _fields, deltas: _deltas, ...same } = op;
  return {
    ...same,
    payload,
    ...(changedFields === undefined ? {} : { changedFields: [...changedFields] }),
    ...(deltas === undefined ? {} : { deltas }),
  };
}

const isRow = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !('then' in value) && isJsonObject(value);
const describe = (value: unknown): string =>
  value === null ? 'null' : typeof value !== 'object' ? typeof value : 'then' in value ? 'a promise' : 'something else';
