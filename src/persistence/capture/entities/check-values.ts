import type { ObjectLiteral } from 'typeorm';
import { ValidationError } from '../../../model/errors/errors.ts';
import { whyUnwritable } from '../../../model/values/nesting.ts';
import type { CapturedTable } from './captured-table.ts';

/**
 * Rejects values that the database would alter or that could never be sent. Throws `ValidationError` that names the
 * field; nothing is written.
 */
export function checkValues(table: CapturedTable, entity: ObjectLiteral, { isNew }: { readonly isNew: boolean }): void {
  const { kind, metadata, codecs } = table.replica;
  for (const { column, property } of codecs) {
    const value: unknown = column.getEntityValue(entity);
    const complaint = complaintAbout(value, table.isMapped);
    if (complaint !== undefined)
      throw new ValidationError(`${kind}: field '${property}' ${complaint}; nothing was written`);
  }
  const [id] = metadata.primaryColumns;
  if (!isNew || id === undefined || id.isGenerated || id.default !== undefined) return;
  const given: unknown = id.getEntityValue(entity);
  if (given === undefined || given === null || given === '')
    throw new ValidationError(
      `${kind}: the entity has no ${id.propertyName}; set one before writing, such as crypto.randomUUID()`,
    );
}

function complaintAbout(value: unknown, isMapped: boolean): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}, which JSON cannot hold`;
    case 'bigint':
      return `is a BigInt, which JSON cannot hold; use a number or a string`;
    case 'symbol':
      return 'is a symbol, which JSON cannot hold';
    case 'object':
      return value === null || value instanceof Date || ArrayBuffer.isView(value) || isMapped
        ? undefined
        : complaintInside(value);
    default:
      return undefined;
  }
}

function complaintInside(value: object): string | undefined {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== Object.prototype && prototype !== null && !('toJSON' in value))
    return `is a ${value.constructor.name}, which JSON cannot hold; map it with toJson and fromJson of syncTable`;
  const reason = whyUnwritable(value);
  if (reason !== undefined) return reason;
  try {
    JSON.stringify(value);
    return undefined;
  } catch (error) {
    return `cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`;
  }
}
