import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Json } from '../model/values/json.ts';
import { printReplay } from './print-replay.ts';
import { replayBundle } from './replay-bundle.ts';
import type { ReplayReport } from './play/replay-report.ts';

const help = `synchart replay <file> [options]

  Runs a file that was saved in the synchart devtools once more: the real
  engine on a database in memory, with the recorded edits, commands and
  answers, under a virtual clock; then without any fault. Nothing is sent
  anywhere.

  --seed <n>   draws what the file does not say; default 1
  --all        shows every step of a long trace
  --json       prints the report as JSON
  --help       prints this

  Ends with 0 where the same operations wait for the same reasons as when the
  file was saved, with 1 where something differs or an invariant is broken,
  with 2 where the file or the command cannot be understood.
`;

/** The output of a command. */
export interface CommandOutput {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
}

/** A mistake in the arguments; the message is for the user of the command. */
class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Executes the arguments of `synchart`. Returns the exit code. */
export async function runSynchartCommand(args: readonly string[], { out, err }: CommandOutput): Promise<number> {
  try {
    const { values, positionals } = parsed(args);
    const [command, file, ...more] = positionals;
    if (values.help === true || command === 'help') {
      out(help);
      return 0;
    }
    if (command === undefined)
      throw new UsageError('say what to do: synchart replay <file>; synchart --help tells more');
    if (command !== 'replay') throw new UsageError(`'${command}' is no command; there is: synchart replay <file>`);
    if (file === undefined) throw new UsageError('name the file: synchart replay <file>');
    if (more.length > 0) throw new UsageError(`one file at a time, got ${more.length + 1}`);
    const seed = seedOf(values.seed);
    const report = await replayed(file, await readJson(file), seed);
    out(values.json === true ? `${JSON.stringify(report, null, 2)}\n` : printReplay(report, { all: values.all }));
    return report.outcome === 'same' ? 0 : 1;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    err(`synchart: ${error.message}\n`);
    return 2;
  }
}

function parsed(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      help: { type: 'boolean', short: 'h' },
      seed: { type: 'string' },
      all: { type: 'boolean' },
      json: { type: 'boolean' },
    },
  });
}

function seedOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const seed = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(seed))
    throw new UsageError(`--seed must be a whole number, got '${text}'`);
  return seed;
}

async function readJson(file: string): Promise<Json> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    const why =
      code === 'ENOENT'
        ? 'there is no such file'
        : code === 'EISDIR'
          ? 'it is a folder'
          : error instanceof Error
            ? error.message
            : String(error);
    throw new UsageError(`${file} cannot be read: ${why}`, { cause: error });
  }
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    throw new UsageError(`${file} is no JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}

async function replayed(file: string, json: Json, seed: number): Promise<ReplayReport> {
  try {
    return await replayBundle(json, { seed });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`${file}: ${error.message}`, { cause: error });
    throw error;
  }
}
