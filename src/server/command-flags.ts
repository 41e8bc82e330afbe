import { parseArgs } from 'node:util';
import { aFlag, aText, textThat } from '../model/options/bounds.ts';
import { checkOptions, withDefaults, type OptionOwner } from '../model/options/complete-options.ts';
import { byDefault, optional, type Completed, type OptionList } from '../model/options/option-list.ts';
import { aPrefix } from './server-options.ts';

/** Flags of the `synchart-server` command. */
export interface CommandFlags {
  readonly port?: string;
  readonly host?: string;
  readonly database?: string;
  readonly 'kind-schema'?: string;
  readonly token?: string;
  readonly prefix?: string;
  readonly log?: boolean;
  readonly version?: boolean;
  readonly help?: boolean;
}

/** The text of `--help` and `docs/settings.md` for each flag: the placeholder of its value, and its purpose. */
interface FlagWords {
  readonly value?: string;
  readonly about: string;
  /** The effect of a missing flag, if it is not a default value. */
  readonly without?: string;
}

export const commandFlags = {
  port: {
    ...byDefault(
      '3000',
      textThat('a number from 0 to 65535', (port) => /^\d+$/.test(port) && Number(port) <= 65_535),
    ),
    value: '<n>',
    about: 'port to listen on; 0 = a free one',
  },
  host: { ...byDefault('127.0.0.1', aText), value: '<name>', about: 'address to listen on' },
  database: { ...byDefault('synchart-server.db', aText), value: '<file>', about: 'SQLite file, created when missing' },
  'kind-schema': {
    ...optional(aText),
    value: '<file>',
    about:
      'JSON file: { "<kind>": { "<field>": "text" | "integer" | "number" | "boolean" | "json" } }, ? after a type allows null',
    without: 'todos with title, done, notes, priority',
  },
  token: {
    ...optional(aText),
    value: '<text>',
    about: 'the only accepted Authorization header',
    without: 'everybody may',
  },
  prefix: { ...byDefault('', aPrefix), value: '<path>', about: 'path before the kinds, such as /api' },
  log: { ...byDefault(false, aFlag), about: 'log requests as JSON lines' },
  version: { ...byDefault(false, aFlag), about: 'print the version' },
  help: { ...byDefault(false, aFlag), about: 'print this list' },
} satisfies { readonly [Name in keyof CommandFlags]-?: OptionList<CommandFlags>[Name] & FlagWords };

const owner: OptionOwner = {
  options: 'flags',
  option: (name) => `--${name}`,
  unknown: (name) => `unknown flag --${name}`,
};
const short: Readonly<Record<string, string>> = { help: 'h', version: 'v' };

/** Reads the command line. Throws `TypeError` that names an unknown flag or an invalid value. */
export function readFlags(args: readonly string[]): Completed<CommandFlags, typeof commandFlags> {
  const options = Object.entries(commandFlags).map(([name, flag]) => {
    const letter = short[name];
    return [
      name,
      {
        type: 'value' in flag ? ('string' as const) : ('boolean' as const),
        ...(letter === undefined ? {} : { short: letter }),
      },
    ] as const;
  });
  const { values } = parseArgs({ args: [...args], options: Object.fromEntries(options) });
  const given = values as CommandFlags;
  checkOptions(owner, commandFlags, given);
  return withDefaults<CommandFlags, typeof commandFlags>(commandFlags, given);
}

/** The text of `--help`. */
export function usage(): string {
  const lines = Object.entries<FlagWords & { readonly fallback?: unknown }>(commandFlags).map(
    ([name, { value, about, without, fallback }]) => {
      const absent = typeof fallback === 'string' && fallback !== '' ? fallback : without;
      const flag = [`--${name}`, ...(value === undefined ? [] : [value])].join(' ');
      return `  ${flag.padEnd(23)}${about}${absent === undefined ? '' : ` (default: ${absent})`}\n`;
    },
  );
  return ['synchart-server [options]\n', ...lines].join('');
}
