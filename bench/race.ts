import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Measured, Task } from './contender.ts';
import { measure } from './processes.ts';

/** One way to do the work. `database`: a prepared file to start from; absent: an empty one. */
export interface Contender {
  readonly name: string;
  readonly script: string;
  readonly driver?: Task['driver'];
  readonly database?: string | undefined;
}

export interface Race {
  readonly title: string;
  readonly contenders: readonly Contender[];
  readonly task: Omit<Task, 'database' | 'driver' | 'idle'>;
  /** How many rows or operations each contender has to get done. */
  readonly expected: number;
  readonly rounds: number;
  readonly folder: string;
}

export interface Result {
  readonly name: string;
  readonly medianMs: number;
  readonly perSecond: number;
  /** Processor time of all its threads, in ms. */
  readonly cpuMs: number;
  /** Peak resident memory above a process that loaded the same modules and opened the database, in MB. */
  readonly aboveIdleMb: number;
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? NaN)
    : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
};

/** Runs every contender once per round, in turns, so that a slow minute of the machine hits all of them. */
export async function run(race: Race, onRun: (text: string) => void): Promise<Result[]> {
  const all = new Map<string, { readonly idle: Measured; readonly runs: Measured[] }>();
  for (const contender of race.contenders)
    all.set(contender.name, { idle: await once(race, contender, true), runs: [] });
  for (let round = 0; round < race.rounds; round += 1) {
    for (const contender of race.contenders) {
      const measured = await once(race, contender, false);
      if (measured.done !== race.expected)
        throw new Error(`${race.title}: ${contender.name} did ${measured.done} of ${race.expected}`);
      all.get(contender.name)?.runs.push(measured);
      onRun(
        `${race.title} · round ${round + 1}/${race.rounds} · ${contender.name}: ${(measured.ms / 1000).toFixed(2)} s`,
      );
    }
  }
  return [...all].map(([name, { idle, runs }]) => {
    const medianMs = median(runs.map(({ ms }) => ms));
    const cpuMs = median(runs.map((measured) => measured.cpuMs));
    return {
      name,
      medianMs,
      cpuMs,
      perSecond: race.expected / (medianMs / 1000),
      aboveIdleMb: median(runs.map(({ peakMb }) => peakMb)) - idle.peakMb,
    };
  });
}

async function once(race: Race, contender: Contender, idle: boolean): Promise<Measured> {
  const database = join(race.folder, 'run.db');
  for (const suffix of ['', '-wal', '-shm']) rmSync(`${database}${suffix}`, { force: true });
  if (contender.database !== undefined) copyFileSync(contender.database, database);
  return measure(contender.script, { ...race.task, database, driver: contender.driver ?? 'better-sqlite3', idle });
}
