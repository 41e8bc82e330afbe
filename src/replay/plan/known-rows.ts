import type { Bundle } from '../../devtools/protocol/bundle.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { ownKeys } from './canonical-row.ts';
import type { KnownOperation } from './known-operations.ts';

/** A row before the first operation of the recording. Without `version`, a new one is generated. */
export interface KnownRow {
  readonly kind: string;
  readonly id: string;
  readonly fields: JsonObject;
  readonly version: string | undefined;
}

export interface RowParts {
  readonly bundle: Bundle;
  readonly operations: readonly KnownOperation[];
  readonly canonical: ReadonlyMap<string, (row: JsonObject) => JsonObject>;
}

/**
 * The rows that a recording's operations change, as they were on both sides before. Excludes rows that an operation
 * creates.
 */
export function knownRows({ bundle, operations, canonical }: RowParts): readonly KnownRow[] {
  const firsts = new Map<string, KnownOperation>();
  for (const operation of operations) {
    const name = `${operation.kind}/${operation.id}`;
    if (!firsts.has(name)) firsts.set(name, operation);
  }
  return [...firsts.values()]
    .filter(({ creates }) => !creates)
    .map((first): KnownRow => {
      const toRow = canonical.get(first.kind) ?? ((row: JsonObject) => row);
      // The saved base belongs to the waiting operation. Earlier operations may have been applied before.
      const known = first.saved === undefined ? undefined : savedBase(bundle, first);
      const row = known === undefined ? guessed(first) : toRow(known);
      const version =
        first.baseUpdatedAt ??
        (typeof row['updatedAt'] === 'string' && row['updatedAt'] !== '' ? row['updatedAt'] : undefined);
      return {
        kind: first.kind,
        id: first.id,
        fields: Object.fromEntries(Object.entries(row).filter(([key]) => !ownKeys.has(key))),
        version,
      };
    });
}

function savedBase({ rows = [], conflicts }: Bundle, { kind, id, opId }: KnownOperation): JsonObject | undefined {
  const saved = rows.find((part) => part.kind === kind)?.items.find((row) => row.id === id);
  return saved?.base ?? conflicts.find(({ conflict }) => conflict.opId === opId)?.conflict.baseData;
}

/** Guesses the row before an edit without a stored base: the payload without the changed fields. */
function guessed({ payload = {}, changedFields, deltas = [] }: KnownOperation): JsonObject {
  const before: Record<string, Json> = { ...payload };
  for (const field of changedFields ?? Object.keys(payload)) before[field] = null;
  for (const delta of deltas) {
    const after = payload[delta.field];
    before[delta.field] = delta.type === 'increment' && typeof after === 'number' ? after - delta.by : null;
  }
  return before;
}
