import { parseArgs } from 'node:util';

export interface DemoOptions {
  /** Cities to begin with; Infinity: all there are. */
  readonly rows: number;
  readonly driver: 'sqlite3' | 'better-sqlite3';
  /** Leave the server running at the end. */
  readonly serve: boolean;
  /** The same seed gives the same offline day. */
  readonly seed: number;
}

export const usage = `Usage: npm run demo -- [options]

  --rows N                          begin with N cities (default: all 135,000)
  --driver sqlite3|better-sqlite3   package that runs the replicas' SQLite (default: sqlite3)
  --seed N                          what happens in the offline day (default: 7)
  --serve                           leave the server running at the end, until Ctrl-C
  --help`;

/** Reads the command line; 'help' when that is asked for. Throws an `Error` that says what is wrong with it. */
export function readArguments(args: readonly string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string' },
      driver: { type: 'string', default: 'sqlite3' },
      seed: { type: 'string', default: '7' },
      serve: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return 'help';
  const { driver } = values;
  if (driver !== 'sqlite3' && driver !== 'better-sqlite3')
    throw new Error(`--driver must be sqlite3 or better-sqlite3, got '${driver}'`);
  return {
    rows: values.rows === undefined ? Infinity : wholeNumber('--rows', values.rows, 1_000),
    driver,
    serve: values.serve,
    seed: wholeNumber('--seed', values.seed, 0),
  };
}

function wholeNumber(name: string, text: string, least: number): number {
  const value = Number(text.replaceAll(/[_,]/g, ''));
  if (!Number.isInteger(value) || value < least)
    throw new Error(`${name} must be a whole number of at least ${least}, got '${text}'`);
  return value;
}
