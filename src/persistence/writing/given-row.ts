import { ValidationError } from '../../model/errors/errors.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { unwritableIn } from '../../model/values/nesting.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';

/** The wire row of an entity passed by the app. Throws `ValidationError` if it has no id or cannot be stored. */
export function givenRow(table: ReplicaTable, entity: object): { readonly id: string; readonly row: JsonObject } {
  const row = table.mapping.entityToWire(entity);
  const id = table.readId(row);
  if (id === undefined)
    throw new ValidationError(
      `${table.kind}: the entity has no ${table.keys.id}; set one before writing, such as crypto.randomUUID()`,
    );
  refuseUnstorable(table, id, row);
  return { id, row };
}

export function refuseUnstorable(table: ReplicaTable, id: string, row: JsonObject): void {
  const complaint = table.mapping.complaintAbout(row);
  if (complaint !== undefined) throw new ValidationError(`${table.kind}/${id}: ${complaint}; nothing was written`);
}

/** Rejects a row before it is compared, because the comparison might never end. */
export function refuseUnwritable(table: ReplicaTable, row: JsonObject): void {
  const unwritable = unwritableIn(row);
  if (unwritable !== undefined)
    throw new ValidationError(
      `${table.kind}/${table.readId(row) ?? ''}: field '${unwritable.field}' ${unwritable.reason}; nothing was written`,
    );
}

export const noSuchRow = (table: ReplicaTable, id: string): ValidationError =>
  new ValidationError(`${table.kind}/${id}: the row to change does not exist; insert it with insertAndEnqueue`);
