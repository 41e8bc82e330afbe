import type { EntityTarget, ObjectLiteral } from 'typeorm';
import type { TableConflictConfig } from '../../model/conflict.ts';
import type { JsonObject } from '../../model/values/json.ts';
import {
  aFlag,
  aFunction,
  aText,
  anObject,
  isListOfTexts,
  isRecordOfTexts,
  namesOfColumns,
  oneOf,
  timeAboveZero,
  timeOrNever,
  valueThat,
} from '../../model/options/bounds.ts';
import { checkOptions, ownedBy, withDefaults } from '../../model/options/complete-options.ts';
import { byDefault, optional, type Completed, type OptionList } from '../../model/options/option-list.ts';
import { schemaOptions, type TableSchemaOptions } from '../columns/table-schema.ts';

/** Options of {@link syncTable}. They override every part of the registration. */
export interface SyncTableOptions<Entity> extends TableSchemaOptions {
  /** Name on the wire. Trimmed, not blank, unique in an engine (F-100). @defaultValue the SQL table's name */
  readonly kind?: string;
  /** JSON keys of the columns. `property`: the entity's property names. @defaultValue `property` */
  readonly naming?: 'property' | 'snake_case';
  /** Entity → wire JSON, synchronous. @defaultValue from column metadata */
  toJson?(entity: Entity): JsonObject;
  /**
   * Wire JSON → entity, synchronous. Properties left undefined keep the stored column. @defaultValue from column
   * metadata
   */
  fromJson?(json: JsonObject): Partial<Entity>;
  /** Id of a wire row. @defaultValue the key of the primary column, else `id`, `ID`, `uuid` */
  getId?(json: JsonObject): string | number | undefined;
  /** Server timestamp of a wire row. @defaultValue `updatedAt`, `updated_at` */
  getUpdatedAt?(json: JsonObject): string | number | undefined;
  /** Conflict settings of this table. */
  readonly conflict?: TableConflictConfig;
  /** Effect of a pulled deletion: keep the row with `deletedAt` set, or remove it. @defaultValue `keep` */
  readonly tombstones?: 'keep' | 'remove';
  /** Age in ms from which the end of a full resync removes kept tombstones. */
  readonly retentionMs?: number;
  /** How often triggers sync this table in ms, counted from its last complete pull. Their other pulls exclude it. */
  readonly syncIntervalMs?: number;
  /** Never pushed; synchart rejects writes. Allows generated ids. @defaultValue false */
  readonly pullOnly?: boolean;
  /** Never pulled. @defaultValue false */
  readonly pushOnly?: boolean;
  /**
   * The kinds that this table references: by the property that holds the id, or as a list. Their creates are sent and
   * pulled first.
   */
  readonly dependsOn?: Readonly<Record<string, string>> | readonly string[];
  /** Edits send only the changed fields; for servers that merge. @defaultValue false */
  readonly sendChangedFields?: boolean;
  /** Properties that never leave the device and are never overwritten. Each must be nullable or have a default. */
  readonly localOnly?: readonly (keyof Entity & string)[];
}

/** Defaults and bounds of {@link SyncTableOptions}. */
export const tableOptions = {
  kind: optional(aText),
  naming: byDefault('property', oneOf('property', 'snake_case')),
  toJson: optional(aFunction),
  fromJson: optional(aFunction),
  getId: optional(aFunction),
  getUpdatedAt: optional(aFunction),
  conflict: byDefault({}, anObject),
  tombstones: byDefault('keep', oneOf('keep', 'remove')),
  retentionMs: optional(timeOrNever(0)),
  syncIntervalMs: optional({ ...timeAboveZero, hint: '; leave it out to pull the table with every sync' }),
  pullOnly: byDefault(false, aFlag),
  pushOnly: byDefault(false, aFlag),
  dependsOn: byDefault(
    {},
    valueThat(
      'a list of kinds, or an object of kinds by property',
      (value) => isListOfTexts(value) || isRecordOfTexts(value),
    ),
  ),
  sendChangedFields: byDefault(false, aFlag),
  localOnly: byDefault([], namesOfColumns),
  ...schemaOptions,
} satisfies OptionList<SyncTableOptions<ObjectLiteral>>;

/** Options with their defaults filled in. */
export type TableSettings = Completed<SyncTableOptions<ObjectLiteral>, typeof tableOptions>;

/** Options checked by {@link syncTable}, with their defaults. */
export const tableSettings = (options: SyncTableOptions<ObjectLiteral>): TableSettings =>
  withDefaults<SyncTableOptions<ObjectLiteral>, typeof tableOptions>(tableOptions, options);

/** A table registered for synchronisation. */
export interface SyncTable<Entity extends ObjectLiteral = ObjectLiteral> {
  readonly target: EntityTarget<Entity>;
  readonly options: SyncTableOptions<Entity>;
}

/**
 * Registers an entity (`EntitySchema` or class) for synchronisation. Kind, id, columns and JSON mapping come from its
 * metadata. Throws `TypeError` or `RangeError` that names an unknown option or the first invalid one.
 * `createSyncEngine` checks what needs the metadata: the sync columns and the type of the id.
 */
export function syncTable<Entity extends ObjectLiteral>(
  target: EntityTarget<Entity>,
  options: SyncTableOptions<Entity> = {},
): SyncTable<Entity> {
  checkOptions(ownedBy('syncTable'), tableOptions, options);
  if (options.kind !== undefined && options.kind.trim() === '')
    throw new TypeError('syncTable: kind must not be blank');
  if (options.pullOnly && options.pushOnly) throw new TypeError('syncTable: a table is pullOnly or pushOnly, not both');
  return { target, options };
}

/** Throws `TypeError` with the remedy if the app passed an entity, or nothing, instead of the result of `syncTable`. */
export function checkSyncTables(tables: readonly SyncTable[]): void {
  const given: unknown = tables;
  if (!Array.isArray(given))
    throw new TypeError('tables must be a list of synchronised tables: pass [syncTable(…), …]');
  given.forEach((table: unknown, index) => checkSyncTable(table, `tables[${index}]`));
}

/** Like {@link checkSyncTables} for one table; `what` names it in the message. */
export function checkSyncTable(table: unknown, what: string): void {
  if (typeof table === 'object' && table !== null && 'target' in table && 'options' in table) return;
  const name = entityNameOf(table);
  const problem = name === undefined ? `is ${table === null ? 'null' : typeof table}` : 'is an entity';
  throw new TypeError(`${what} ${problem}, not a synchronised table: pass syncTable(${name ?? '…'})`);
}

function entityNameOf(value: unknown): string | undefined {
  if (typeof value === 'function') return value.name;
  if (typeof value === 'string') return `'${value}'`;
  // An `EntitySchema`, possibly of another copy of TypeORM.
  const options = typeof value === 'object' && value !== null && 'options' in value ? value.options : undefined;
  return typeof options === 'object' && options !== null && 'name' in options ? String(options.name) : undefined;
}
