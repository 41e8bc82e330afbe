import { nearestName } from '../values/nearest-name.ts';
import type { Bounds } from './bounds.ts';
import { invalidOption } from './invalid-option.ts';
import type { Completed, Option } from './option-list.ts';

/** How error messages name an option, such as `config.pageSize`, and an unknown option. */
export interface OptionOwner {
  /** The name of the options object itself. */
  readonly options: string;
  readonly option: (name: string) => string;
  readonly unknown: (name: string) => string;
  /** Error class for all options of this object; overrides the class of the bounds. */
  readonly error?: Bounds['error'];
}

type Options = Readonly<Record<string, Option>>;
type ListOf<Given> = { readonly [Name in keyof Given]-?: Option };

/** Names options in the form `RestTransport: pushConcurrency`. */
export const ownedBy = (owner: string): OptionOwner => ({
  options: `${owner}: options`,
  option: (name) => `${owner}: ${name}`,
  unknown: (name) => `${owner}: unknown option '${name}'`,
});

/**
 * Rejects a value that is not an object, unknown names, and values out of bounds. The message names the option, the
 * expected value and the actual one (F-13).
 */
export function checkOptions(owner: OptionOwner, list: Options, given: object): void {
  checkNames(owner, list, given);
  for (const [name, option] of Object.entries(list)) {
    const value: unknown = Reflect.get(given, name);
    if (value === undefined && !option.isRequired) continue;
    if (option.holds(value)) continue;
    const words = `${owner.option(name)} must be ${option.expected}, got ${shown(value, option.hidesTexts)}${option.hint ?? ''}`;
    throw invalidOption(new (owner.error ?? option.error)(words));
  }
}

/** Without this check, a misspelt option would be ignored. */
export function checkNames(owner: OptionOwner, list: Options, given: object): void {
  const asGiven: unknown = given;
  if (typeof asGiven !== 'object' || asGiven === null)
    throw invalidOption(new TypeError(`${owner.options} must be an object, got ${shown(asGiven)}`));
  const known = Object.keys(list);
  const unknown = Object.keys(asGiven).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const nearest = nearestName(unknown, known);
  const remedy = nearest === undefined ? `; known are ${known.join(', ')}` : `, did you mean '${nearest}'?`;
  throw invalidOption(new (owner.error ?? TypeError)(`${owner.unknown(unknown)}${remedy}`));
}

/** Checks an option that is itself an options object; messages name its members as `redact.fields`. */
export function checkNested(owner: OptionOwner, name: string, list: Options, given: object | undefined): void {
  if (given === undefined) return;
  checkOptions(
    {
      ...owner,
      options: owner.option(name),
      option: (nested) => owner.option(`${name}.${nested}`),
      unknown: (nested) => owner.unknown(`${name}.${nested}`),
    },
    list,
    given,
  );
}

/** The default values of a list. */
export const defaultsOf = (list: Options): Readonly<Record<string, unknown>> =>
  Object.fromEntries(
    Object.entries(list).flatMap(([name, option]) => ('fallback' in option ? [[name, option.fallback]] : [])),
  );

/** Copies the listed options; omits absent and undefined ones. */
export function pickOptions<Given extends object>(list: ListOf<Given>, given: Given): Given {
  const names = Object.keys(list).filter((name) => Reflect.get(given, name) !== undefined);
  return Object.fromEntries(names.map((name) => [name, Reflect.get(given, name)])) as Given;
}

/** Adds the defaults to options that were checked before. */
export const withDefaults = <Given extends object, List extends ListOf<Given>>(
  list: List,
  given: Given,
): Completed<Given, List> => ({ ...defaultsOf(list), ...pickOptions(list, given) }) as Completed<Given, List>;

/** {@link checkOptions}, then {@link withDefaults}. */
export function completeOptions<Given extends object, List extends ListOf<Given>>(
  owner: OptionOwner,
  list: List,
  given: Given,
): Completed<Given, List> {
  checkOptions(owner, list, given);
  return withDefaults<Given, List>(list, given);
}

/**
 * Shows functions and objects by type only, because they may hold secrets. Quotes strings, so that '5' differs from 5.
 */
function shown(value: unknown, hidesTexts = false): string {
  if (typeof value === 'string') return hidesTexts ? 'a text' : `'${value}'`;
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
