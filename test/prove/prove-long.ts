import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DatabaseDriver } from '../../src/persistence/database/open-database.ts';
import { createTestServer } from '../../src/testing/test-server.ts';
import { startChild } from './child-process.ts';

export interface LongOptions {
  readonly driver: DatabaseDriver;
  readonly database: string;
  /** Rounds of edits and a sync; not looked at when `forMs` is given. */
  readonly cycles: number;
  readonly forMs?: number | undefined;
  readonly checkpointEvery: number;
  /** Of a server in another process; without, everything is in memory and under a simulated clock. */
  readonly url?: string | undefined;
}

/** What the process holds on to, after garbage collection. Sizes in bytes. */
export interface LongCheckpoint {
  readonly cycle: number;
  readonly atMs: number;
  readonly heap: number;
  readonly external: number;
  readonly rss: number;
  readonly timers: number;
  readonly resources: Readonly<Record<string, number>>;
  /** Of the engine's actor. */
  readonly observers: number;
  readonly openPromises: number;
  readonly pending: number;
}

export interface LongReport {
  readonly checkpoints: readonly LongCheckpoint[];
  /** After `dispose()` in the middle of a run. */
  readonly disposed: LongCheckpoint;
  /**
   * Bytes that the heap grew by from the end of the warm-up (the first fifth) to the last checkpoint: the medians of
   * three each.
   */
  readonly growth: number;
  readonly stderr: string;
}

const middle = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;

/** Lets a device be used in a process of its own, and compares what that holds on to early and late. */
export async function proveLong(options: Partial<LongOptions> & { readonly inMemory: boolean }): Promise<LongReport> {
  const { inMemory, cycles = 2_000, forMs, checkpointEvery = 100, driver = 'better-sqlite3' } = options;
  const folder = await mkdtemp(join(tmpdir(), 'synchart-long-'));
  await using server = await createTestServer({ naming: 'camelCase' });
  try {
    const given: LongOptions = {
      driver,
      cycles,
      forMs,
      checkpointEvery,
      ...(inMemory ? { database: ':memory:' } : { database: join(folder, 'long.db'), url: server.url }),
    };
    const child = await startChild('long-process.ts', given, { flags: ['--expose-gc'] });
    const { stderr, code } = await child.ended;
    const said = child.lines.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line) as LongCheckpoint);
    const disposed = said.at(-1);
    const checkpoints = said.slice(0, -1);
    if (code !== 0 || disposed === undefined || checkpoints.length < 10)
      throw new Error(`the long run ended with ${String(code)} after ${said.length} checkpoints: ${stderr}`);
    const warm = Math.floor(checkpoints.length / 5);
    const heaps = checkpoints.map(({ heap }) => heap);
    return { checkpoints, disposed, growth: middle(heaps.slice(-3)) - middle(heaps.slice(warm, warm + 3)), stderr };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
