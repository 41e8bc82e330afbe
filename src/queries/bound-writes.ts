import type { ObjectLiteral } from 'typeorm';
import type { SyncEngine } from '../engine/api/sync-engine.ts';
import type { SyncRepository } from '../engine/api/sync-repository.ts';
import type { SyncTable } from '../persistence/tables/sync-table.ts';
import type { AwaitOptions } from '../persistence/writing/await-level.ts';
import type { SyncEntityWriter } from '../persistence/writing/writer.ts';
import type { ReadableStore } from './readable-store.ts';
import { createWriteStore, type WriteState } from './write-store.ts';

type Track = <T>(work: () => Promise<T>) => Promise<T>;

/** The writes of one component, and how they stand. */
export interface TrackedWrites extends ReadableStore<WriteState> {
  readonly track: Track;
  readonly reset: () => void;
}

export function createTrackedWrites(): TrackedWrites {
  // An async function, so that a write that throws at once rejects, too.
  const { run, ...store } = createWriteStore(async (work: () => Promise<unknown>) => work());
  return { ...store, track: run as Track };
}

export type RepositoryWrites<Entity extends ObjectLiteral> = Pick<
  SyncRepository<Entity>,
  'create' | 'update' | 'remove' | 'restore'
>;

/** Where each method takes its options; `update(id, patch, options)` takes them one later. */
const repositoryOptions = { create: 1, update: 1, remove: 1, restore: 1 } as const;

const writerOptions = {
  insertAndEnqueue: 1,
  replaceAndEnqueue: 1,
  replaceAndEnqueueDiff: 2,
  applyDeltas: 2,
  increment: 3,
  addToSet: 3,
  removeFromSet: 3,
  enqueueDelete: 1,
  restore: 1,
  writeAndEnqueueOp: 2,
  writeAndEnqueueDelete: 2,
} as const satisfies Readonly<Record<keyof SyncEntityWriter<ObjectLiteral>, number>>;

/** The writes of `engine.repository(table)`, tracked, with `options` where a call gives none. */
export const repositoryWrites = <Entity extends ObjectLiteral>(
  engine: () => SyncEngine,
  table: SyncTable<Entity>,
  options: AwaitOptions,
  track: Track,
): RepositoryWrites<Entity> => bind(() => engine().repository(table), repositoryOptions, options, track);

/** As {@link repositoryWrites}, of `engine.writer(table)`. */
export const writerWrites = <Entity extends ObjectLiteral>(
  engine: () => SyncEngine,
  table: SyncTable<Entity>,
  options: AwaitOptions,
  track: Track,
): SyncEntityWriter<Entity> => bind(() => engine().writer(table), writerOptions, options, track);

type Method = (...given: readonly unknown[]) => Promise<unknown>;

function bind<Target extends object, Name extends keyof Target & string>(
  target: () => Target,
  optionsAt: Readonly<Record<Name, number>>,
  { await: level, timeoutMs, signal }: AwaitOptions,
  track: Track,
): Pick<Target, Name> {
  const methods = Object.entries<number>(optionsAt).map(([name, index]): [string, Method] => [
    name,
    (...given) =>
      track(() => {
        const bound = target();
        const at = name === 'update' && !isObject(given[0]) ? index + 1 : index;
        const own = given[at];
        const complete = [...given.slice(0, at), { await: level, timeoutMs, signal, ...(isObject(own) ? own : {}) }];
        return (bound[name as Name] as Method).apply(bound, complete);
      }),
  ]);
  return Object.fromEntries(methods) as Pick<Target, Name>;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
