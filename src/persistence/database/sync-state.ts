import { isJsonObject } from '../../model/values/json.ts';
import type { PersistedState } from '../../model/ports.ts';
import type { SyncRequest } from '../../model/run.ts';
import type { Session } from '../sql/session.ts';
import { isText, parsedJson } from '../sql/stored-shape.ts';

/** The content of `sync_state`; JSON values. */
export interface SyncStateValues {
  readonly paused: boolean;
  readonly wait: {
    readonly attempt: number;
    readonly retryAt?: number | undefined;
    readonly request?: SyncRequest | undefined;
  };
  readonly lastSyncedAt: number;
  readonly scope: string;
  readonly clockOffsetMs: number;
}

const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && Math.abs(value) <= latest;
/** The latest time that a Date can hold. */
const latest = 8_640_000_000_000_000;

const shapes: { readonly [Name in keyof SyncStateValues]: (value: unknown) => value is SyncStateValues[Name] } = {
  paused: (value): value is boolean => typeof value === 'boolean',
  wait: (value): value is SyncStateValues['wait'] =>
    isJsonObject(value) &&
    Number.isSafeInteger(value['attempt']) &&
    (value['retryAt'] === undefined || isTime(value['retryAt'])) &&
    (value['request'] === undefined || isRequest(value['request'])),
  lastSyncedAt: isTime,
  scope: (value): value is string => isText(value) && value !== '',
  clockOffsetMs: isTime,
};

/** Automatic work that waits. Contains no promises of an earlier process. */
const isRequest = (value: unknown): boolean =>
  isJsonObject(value) &&
  ['pushKinds', 'pullKinds', 'resyncKinds', 'decisions', 'waiters'].every((name) => isTextList(value[name])) &&
  typeof value['explicit'] === 'boolean' &&
  typeof value['automatic'] === 'boolean';
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

/** The value stored under a name. `damaged` differs from absent, so that the reader can decide what is safe (F-164). */
export type StateEntry<T> = { readonly value: T | undefined; readonly damaged: boolean };

export async function readState<Name extends keyof SyncStateValues>(
  session: Session,
  name: Name,
): Promise<StateEntry<SyncStateValues[Name]>> {
  const row = await session.one<{ value: unknown }>('SELECT "value" FROM "sync_state" WHERE "name" = ?', [name]);
  if (row === undefined) return { value: undefined, damaged: false };
  const value = parsedJson(row.value);
  return shapes[name](value) ? { value, damaged: false } : { value: undefined, damaged: true };
}

export async function writeState<Name extends keyof SyncStateValues>(
  session: Session,
  name: Name,
  value: SyncStateValues[Name],
): Promise<void> {
  await session.run(
    'INSERT INTO "sync_state" ("name", "value") VALUES (?, ?) ON CONFLICT ("name") DO UPDATE SET "value" = excluded."value"',
    [name, JSON.stringify(value)],
  );
}

export async function forgetState(session: Session, name: keyof SyncStateValues): Promise<void> {
  await session.run('DELETE FROM "sync_state" WHERE "name" = ?', [name]);
}

/** The owner of the database is unknown, so it belongs to nobody until the app decides. */
export const damagedScope =
  'the row scope of sync_state is damaged, so it is unknown which user and server own the database; nothing is sent or pulled until adoptScope() keeps it or clearScope() empties it';

/**
 * The initial state of a new process. A damaged wait, time or clock offset counts as absent; the next run determines it
 * again. A damaged pause stays in effect, because sending less than allowed is harmless.
 */
export async function readRemembered(
  session: Session,
): Promise<{ readonly state: PersistedState; readonly damage: readonly string[] }> {
  const paused = await readState(session, 'paused');
  const wait = await readState(session, 'wait');
  const clockOffsetMs = await readState(session, 'clockOffsetMs');
  const lastSyncedAt = await readState(session, 'lastSyncedAt');
  const absent = Object.entries({ wait, clockOffsetMs, lastSyncedAt }).filter(([, { damaged }]) => damaged);
  return {
    state: {
      paused: paused.damaged || (paused.value ?? false),
      attempt: wait.value?.attempt ?? 0,
      retryAt: wait.value?.retryAt,
      request: wait.value?.request,
      clockOffsetMs: clockOffsetMs.value ?? 0,
      lastSyncedAt: lastSyncedAt.value,
    },
    damage: [
      ...absent.map(
        ([name]) => `the row ${name} of sync_state is damaged and counts as absent; the next sync writes it again`,
      ),
      ...(paused.damaged ? ['the row paused of sync_state is damaged: synchronising stays paused until resume()'] : []),
    ],
  };
}
