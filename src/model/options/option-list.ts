import type { Bounds } from './bounds.ts';

/** Bounds and default of one option. Its type and docstring are in the interface. */
export type Option<Value = unknown> = Bounds & (Mandatory | Optional | Defaulted<Value>);

export interface Mandatory {
  readonly isRequired: true;
}
export interface Optional {
  readonly isRequired: false;
  readonly fallback?: never;
}
export interface Defaulted<Value> {
  readonly isRequired: false;
  /** The value used when the option is absent or undefined. */
  readonly fallback: Value;
}

/**
 * The options of `Given`. The compiler requires an entry for each, a default of the right type, and whether it may be
 * absent.
 */
export type OptionList<Given> = {
  readonly [Name in keyof Given]-?: Bounds &
    (Record<never, unknown> extends Pick<Given, Name>
      ? Optional | Defaulted<Exclude<Given[Name], undefined>>
      : Mandatory);
};

/** `Given` with its defaults filled in. */
export type Completed<Given, List extends { readonly [Name in keyof Given]-?: Option }> = {
  readonly [Name in keyof Given]-?: List[Name] extends Mandatory
    ? Given[Name]
    : List[Name] extends Defaulted<unknown>
      ? Exclude<Given[Name], undefined>
      : Given[Name] | undefined;
};

export const required = (bounds: Bounds): Bounds & Mandatory => ({ ...bounds, isRequired: true });
export const optional = (bounds: Bounds): Bounds & Optional => ({ ...bounds, isRequired: false });
export const byDefault = <Value>(fallback: Value, bounds: Bounds): Bounds & Defaulted<Value> => ({
  ...bounds,
  isRequired: false,
  fallback,
});
/** A copy of the list without the named options. */
export const without = <List extends object, Name extends keyof List & string>(
  list: List,
  ...names: readonly Name[]
): Omit<List, Name> =>
  Object.fromEntries(Object.entries(list).filter(([name]) => !names.includes(name as Name))) as Omit<List, Name>;
