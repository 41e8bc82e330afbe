import { describe, expect, expectTypeOf, test } from 'vitest';
import { configOptions, resolveSyncConfig, type SyncConfig } from '../../src/model/config.ts';
import { aFlag, aFunction, aText, oneOf, textThat, timeOrNever, wholeFrom } from '../../src/model/options/bounds.ts';
import { completeOptions, ownedBy, pickOptions } from '../../src/model/options/complete-options.ts';
import { byDefault, optional, required, type Completed, type OptionList } from '../../src/model/options/option-list.ts';

interface Kettle {
  readonly name: string;
  readonly cups?: number;
  readonly mode?: 'fast' | 'quiet' | undefined;
  readonly lid?: boolean;
  readonly whistle?: () => void;
}

const kettleOptions = {
  name: required(textThat('a name that is not blank', (name) => name.trim() !== '', '. Any name will do.')),
  cups: byDefault(2, wholeFrom(1)),
  mode: byDefault('fast', oneOf('fast', 'quiet')),
  lid: byDefault(true, aFlag),
  whistle: optional(aFunction),
} satisfies OptionList<Kettle>;

const kettle = (options: object): Completed<Kettle, typeof kettleOptions> =>
  completeOptions<Kettle, typeof kettleOptions>(ownedBy('createKettle'), kettleOptions, options as Kettle);

describe('a list of options', () => {
  test('fills in the defaults and treats undefined as absent', () => {
    expect(kettle({ name: 'k', cups: undefined, lid: false })).toEqual({
      name: 'k',
      cups: 2,
      mode: 'fast',
      lid: false,
    });
    expect(Object.keys(kettle({ name: 'k', whistle: undefined }))).not.toContain('whistle');
  });

  test.each([
    [{ name: 'k', cups: 0 }, 'RangeError: createKettle: cups must be a whole number of at least 1, got 0'],
    [{ name: 'k', cups: '5' }, "RangeError: createKettle: cups must be a whole number of at least 1, got '5'"],
    [{ name: 'k', mode: 'loud' }, "RangeError: createKettle: mode must be one of fast, quiet, got 'loud'"],
    [{ name: 'k', lid: null }, 'TypeError: createKettle: lid must be true or false, got null'],
    [{ name: 'k', lid: {} }, 'TypeError: createKettle: lid must be true or false, got an object'],
    [{ name: ' ' }, "TypeError: createKettle: name must be a name that is not blank, got ' '. Any name will do."],
    [{}, 'TypeError: createKettle: name must be a name that is not blank, got undefined. Any name will do.'],
    [{ name: 'k', cupz: 3 }, "TypeError: createKettle: unknown option 'cupz', did you mean 'cups'?"],
    [
      { name: 'k', zzzzzzzzzz: 3 },
      "TypeError: createKettle: unknown option 'zzzzzzzzzz'; known are name, cups, mode, lid, whistle",
    ],
    [
      { name: 'k', toString: 3 },
      "TypeError: createKettle: unknown option 'toString'; known are name, cups, mode, lid, whistle",
    ],
    [undefined, 'TypeError: createKettle: options must be an object, got undefined'],
  ])('F-13: rejects %j by name, with the expected and the actual value', (options, message) => {
    let error: unknown;
    try {
      kettle(options as object);
    } catch (caught) {
      error = caught;
    }
    expect(String(error)).toBe(message);
  });

  test('does not show a string given instead of a function: it may be a secret', () => {
    expect(() => kettle({ name: 'k', whistle: 'Bearer secret' })).toThrow(
      'createKettle: whistle must be a function, got a text',
    );
  });

  test('reads inherited options', () => {
    class Options {
      readonly name = 'k';
      get cups(): number {
        return 7;
      }
    }
    expect(kettle(new Options()).cups).toBe(7);
  });

  test('picks its own options out of a larger object', () => {
    expect(pickOptions<Kettle>(kettleOptions, { name: 'k', cups: 3, colour: 'red' } as Kettle)).toEqual({
      name: 'k',
      cups: 3,
    });
  });

  test('its type shows which options are present in the end', () => {
    type Ready = Completed<Kettle, typeof kettleOptions>;
    expectTypeOf<Ready>().toEqualTypeOf<{
      readonly name: string;
      readonly cups: number;
      readonly mode: 'fast' | 'quiet';
      readonly lid: boolean;
      readonly whistle: (() => void) | undefined;
    }>();
  });

  test('the compiler compares it with its interface, option by option', () => {
    const { cups: _cups, ...lacking } = kettleOptions;
    // @ts-expect-error an option is missing
    lacking satisfies OptionList<Kettle>;
    // @ts-expect-error a required option has no default
    ({ ...kettleOptions, name: byDefault('k', aText) }) satisfies OptionList<Kettle>;
    // @ts-expect-error an optional option cannot be required
    ({ ...kettleOptions, lid: required(aFlag) }) satisfies OptionList<Kettle>;
    // @ts-expect-error the default is not of the option's type
    ({ ...kettleOptions, mode: byDefault('loud', oneOf('fast', 'quiet')) }) satisfies OptionList<Kettle>;
    // @ts-expect-error an option that the interface lacks
    ({ cups: kettleOptions.cups, spout: optional(aFlag) }) satisfies OptionList<Pick<Kettle, 'cups'>>;
    expect(Object.keys(kettleOptions)).toHaveLength(5);
  });
});

describe('the settings of the engine', () => {
  test('F-13: suggests the nearest name for a misspelt setting', () => {
    expect(() => resolveSyncConfig({ pagesize: 5 } as Partial<SyncConfig>)).toThrow(
      "config.pagesize is not a setting, did you mean 'pageSize'?",
    );
  });

  test('F-13: every error is a RangeError that starts with the setting', () => {
    for (const name of Object.keys(configOptions)) {
      expect(() => resolveSyncConfig({ [name]: {} })).toThrow(RangeError);
      expect(() => resolveSyncConfig({ [name]: {} })).toThrow(`config.${name} must be `);
    }
  });

  test('allows an infinite time only where it means never', () => {
    const endless = Object.entries(configOptions).filter(([, { holds }]) => holds(Infinity));
    expect(endless.map(([name]) => name)).toEqual(['fullResyncIntervalMs', 'stallAfterMs', 'staleAfterMs']);
    expect(timeOrNever(1).holds(NaN)).toBe(false);
  });
});
