import type { Bundle } from '../../devtools/protocol/bundle.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import type { ConflictStrategy } from '../../model/conflict.ts';
import { ownKeys } from './canonical-row.ts';
import { madeUpField, type KnownOperation } from './known-operations.ts';
import type { KnownRow } from './known-rows.ts';

/** A table of the app, as far as the file describes it. */
export interface PlannedTable {
  readonly kind: string;
  /** Own fields, by wire key. */
  readonly fields: readonly string[];
  readonly strategy: ConflictStrategy;
  /** Field rules with a name. */
  readonly fieldRules: Readonly<Record<string, string>>;
  readonly deleteConflict: 'keep' | 'delete' | undefined;
  readonly tombstones: 'keep' | 'remove';
  readonly pullOnly: boolean;
  readonly pushOnly: boolean;
  readonly sendChangedFields: boolean;
  readonly dependsOn: readonly { readonly key: string | undefined; readonly kind: string }[];
}

/** The tables that a replay needs, with a column for each field in the file. */
export function planTables(
  bundle: Bundle,
  { operations, rows }: { readonly operations: readonly KnownOperation[]; readonly rows: readonly KnownRow[] },
): readonly PlannedTable[] {
  return bundle.engine.kinds.map(({ kind, strategy, pullOnly, pushOnly, options = {} }): PlannedTable => {
    const inspected = bundle.kinds.find((other) => other.kind === kind);
    const own = operations.filter((operation) => operation.kind === kind);
    const named = [
      ...(inspected?.fields ?? []),
      ...own.flatMap(({ payload = {}, changedFields = [], deltas = [] }) => [
        ...Object.keys(payload),
        ...changedFields,
        ...deltas.map(({ field }) => field),
      ]),
      ...rows.filter((row) => row.kind === kind).flatMap(({ fields }) => Object.keys(fields)),
      ...bundle.conflicts
        .filter(({ conflict }) => conflict.kind === kind)
        .flatMap(({ conflict }) => Object.keys(conflict.serverData)),
      madeUpField,
    ];
    const skipped = new Set([...ownKeys, ...keysOf(bundle, kind, options)]);
    const conflict = objectOf(options['conflict']);
    return {
      kind,
      fields: [...new Set(named)].filter((field) => !skipped.has(field) && !field.includes('.')),
      strategy: strategy as ConflictStrategy,
      fieldRules: Object.fromEntries(
        Object.entries(objectOf(conflict['fields'])).flatMap(([field, rule]) =>
          typeof rule === 'string' && !rule.startsWith('function ') ? [[field, rule]] : [],
        ),
      ),
      deleteConflict:
        conflict['deleteConflict'] === 'keep' || conflict['deleteConflict'] === 'delete'
          ? conflict['deleteConflict']
          : undefined,
      tombstones: inspected?.tombstones ?? 'keep',
      pullOnly,
      pushOnly,
      sendChangedFields: options['sendChangedFields'] === true,
      dependsOn: dependenciesOf(options['dependsOn']),
    };
  });
}

const objectOf = (value: Json | undefined): JsonObject => (value !== undefined && isJsonObject(value) ? value : {});

const keysOf = ({ engine }: Bundle, kind: string, options: JsonObject): readonly string[] => [
  engine.kinds.find((other) => other.kind === kind)?.idKey ?? 'id',
  ...[options['updatedAtKey'] ?? 'updated_at', options['deletedAtKey'] ?? 'deleted_at'].filter(
    (key) => typeof key === 'string',
  ),
];

const dependenciesOf = (value: Json | undefined): PlannedTable['dependsOn'] =>
  Array.isArray(value)
    ? (value as readonly Json[]).flatMap((item) => {
        const { key, kind } = objectOf(item);
        return typeof kind === 'string' ? [{ key: typeof key === 'string' ? key : undefined, kind }] : [];
      })
    : [];
