/** Fields that a comparison ignores by default: identity and bookkeeping (TRK-05). */
export const defaultIgnoredFields: readonly string[] = [
  'id',
  'ID',
  'uuid',
  'updatedAt',
  'updated_at',
  'createdAt',
  'created_at',
  'deletedAt',
  'deleted_at',
  'deletedAtLocal',
  'deleted_at_local',
];

/** The field names of a row or entity; any string for a plain `Record<string, …>`. */
type FieldOf<Row extends object> = keyof Row & string;

export interface DiffOptions {
  /** Replaces {@link defaultIgnoredFields} (TRK-08). */
  readonly ignored?: Iterable<string> | undefined;
}

/**
 * Lists the top-level fields whose values differ by content; a missing field equals null (TRK-04, TRK-06). Returns
 * property names for entities and wire keys for wire rows; `changedFields` takes both (F-119). Binary values compare by
 * bytes, lists in order, objects by content. Dates and other objects with a `toJSON` compare by its result. An object
 * that hides its content (a `Map`) counts as changed unless it is identical.
 */
export function diffFields<Before extends object, After extends object = Before>(
  before: Before,
  after: After,
  options: DiffOptions = {},
): readonly (FieldOf<Before> | FieldOf<After>)[] {
  const ignored = new Set(options.ignored ?? defaultIgnoredFields);
  const [old, now] = [
    new Map<string, unknown>(Object.entries(before)),
    new Map<string, unknown>(Object.entries(after)),
  ];
  const fields = new Set([...now.keys(), ...old.keys()]) as Set<FieldOf<Before> | FieldOf<After>>;
  return [...fields].filter((field) => !ignored.has(field) && !sameValue(old.get(field), now.get(field)));
}

/** Compares rows and entities under the names of the reference library. */
export const ChangedFieldsDiff = {
  diffMaps: diffFields,
  /** Null if nothing differs (TRK-07), so that there is nothing to queue (F-27). */
  diffOrNullMaps<Before extends object, After extends object = Before>(
    before: Before,
    after: After,
    options: DiffOptions = {},
  ): readonly (FieldOf<Before> | FieldOf<After>)[] | null {
    const fields = diffFields(before, after, options);
    return fields.length === 0 ? null : fields;
  },
} as const;

/**
 * Collects changed fields while an edited copy is built:
 * `{ ...todo, title: tracker.changed('title', todo.title, input) }`. With the entity's type,
 * `new ChangedFieldsTracker<Todo>()`, the compiler checks names and values.
 */
export class ChangedFieldsTracker<Entity extends object = Readonly<Record<string, unknown>>> {
  readonly #fields = new Set<FieldOf<Entity>>();

  /** Returns `to`. Records the field only if the values differ by content (TRK-01). */
  changed<Field extends FieldOf<Entity>, Value extends Entity[Field]>(
    field: Field,
    from: Entity[Field],
    to: Value,
  ): Value {
    this.markIf(field, !sameValue(from, to));
    return to;
  }

  markIf(field: FieldOf<Entity>, isChanged: boolean): void {
    if (isChanged) this.#fields.add(field);
  }

  mark(field: FieldOf<Entity>): void {
    this.#fields.add(field);
  }

  /** A copy that later marks do not change. As `changedFields`, an empty set queues nothing (F-27). */
  get fields(): ReadonlySet<FieldOf<Entity>> {
    return new Set(this.#fields);
  }

  /** Null if nothing was recorded, so that there is nothing to queue (F-27). */
  get fieldsOrNull(): ReadonlySet<FieldOf<Entity>> | null {
    return this.#fields.size === 0 ? null : this.fields;
  }
}

function sameValue(a: unknown, b: unknown): boolean {
  const [left, right] = [a ?? null, b ?? null];
  if (left === right || Object.is(left, right)) return true;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null) return false;
  if (left instanceof Uint8Array || right instanceof Uint8Array) {
    return (
      left instanceof Uint8Array &&
      right instanceof Uint8Array &&
      left.length === right.length &&
      left.every((byte, index) => byte === right[index])
    );
  }
  if (Array.isArray(left) || Array.isArray(right)) {
    return (
      Array.isArray(left) &&
      Array.isArray(right) &&
      left.length === right.length &&
      left.every((item, index) => sameValue(item, right[index]))
    );
  }
  // Dates, decimals and URLs compare by their text, as a column stores them.
  if (saysItself(left) || saysItself(right))
    return saysItself(left) && saysItself(right) && sameValue(left.toJSON(), right.toJSON());
  const [old, now] = [new Map<string, unknown>(Object.entries(left)), new Map<string, unknown>(Object.entries(right))];
  const keys = new Set([...old.keys(), ...now.keys()]);
  // An object that hides its content (a Map, a private field) counts as changed. A superfluous edit is visible; a
  // missing one is lost (F-27).
  if (keys.size === 0) return isPlain(left) && isPlain(right);
  return [...keys].every((key) => sameInside(old.get(key), now.get(key)));
}

const saysItself = (value: object): value is { toJSON(): unknown } =>
  'toJSON' in value && typeof value.toJSON === 'function';

/** Also recognises objects of another realm. An instance of a class has at least two prototypes above it. */
const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === null || Object.getPrototypeOf(prototype) === null;
};

/** Within a field, JSON distinguishes null from missing. */
const sameInside = (a: unknown, b: unknown): boolean => (a === undefined) === (b === undefined) && sameValue(a, b);
