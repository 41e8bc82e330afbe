import type { Session } from './session.ts';

/** What `sync_state` remembers; JSON values. */
export interface SyncStateValues {
  readonly paused: boolean;
  readonly wait: { readonly attempt: number; readonly retryAt?: number | undefined; readonly request?: unknown };
  readonly lastSyncedAt: number;
  readonly scope: string;
  readonly clockOffsetMs: number;
}

export async function readState<Name extends keyof SyncStateValues>(session: Session, name: Name): Promise<SyncStateValues[Name] | undefined> {
  const row = await session.one<{ value: string }>('SELECT "value" FROM "sync_state" WHERE "name" = ?', [name]);
  return row === undefined ? undefined : (JSON.parse(row.value) as SyncStateValues[Name]);
}

export async function writeState<Name extends keyof SyncStateValues>(session: Session, name: Name, value: SyncStateValues[Name]): Promise<void> {
  await session.run('INSERT INTO "sync_state" ("name", "value") VALUES (?, ?) ON CONFLICT ("name") DO UPDATE SET "value" = excluded."value"', [
    name,
    JSON.stringify(value),
  ]);
}

export async function forgetState(session: Session, name: keyof SyncStateValues): Promise<void> {
  await session.run('DELETE FROM "sync_state" WHERE "name" = ?', [name]);
}
