import type { Json, JsonObject } from '../model/values/json.ts';

/** The spelling of a row's sync fields on the wire. */
export interface RowKeys {
  readonly id: string;
  readonly updatedAt: string;
  readonly createdAt: string;
  readonly deletedAt: string;
}

export type RowNaming = 'camelCase' | 'snake_case';

export const rowKeys: Readonly<Record<RowNaming, RowKeys>> = {
  camelCase: { id: 'id', updatedAt: 'updatedAt', createdAt: 'createdAt', deletedAt: 'deletedAt' },
  snake_case: { id: 'id', updatedAt: 'updated_at', createdAt: 'created_at', deletedAt: 'deleted_at' },
};

/** Guesses the spelling from a row with one of the sync fields. */
export function namingOf(row: JsonObject): RowNaming | undefined {
  if (Object.hasOwn(row, 'updatedAt') || Object.hasOwn(row, 'deletedAt')) return 'camelCase';
  return Object.hasOwn(row, 'updated_at') || Object.hasOwn(row, 'deleted_at') ? 'snake_case' : undefined;
}

/** The row without the fields that only the server sets. */
export function withoutSyncFields(row: JsonObject, keys: RowKeys): Record<string, Json> {
  const own = new Set<string>([keys.id, keys.updatedAt, keys.createdAt, keys.deletedAt]);
  return Object.fromEntries(Object.entries(row).filter(([key]) => !own.has(key)));
}
