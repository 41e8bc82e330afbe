import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { filter, firstValueFrom } from 'rxjs';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { openDatabase } from '../../src/persistence/database/open-database.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import { createTestServer, type TestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import type { ServerRows } from '../fixtures/live-as-released.ts';
import { restorePostgres } from '../support/dump-postgres.ts';
import { createPostgresDatabase, dropPostgresDatabase, openPostgres } from '../support/open-postgres.ts';
import { allDrivers, type TestDriver } from '../support/open-store.ts';
import {
  lists,
  releasedConfig,
  releasedEntities,
  releasedMigrations,
  releasedScope,
  releasedTables,
  tasks,
} from '../support/released-app.ts';

const releases = fileURLToPath(new URL('../fixtures/releases/', import.meta.url));
const cases = (await readdir(releases)).flatMap((release) => allDrivers.map((driver) => ({ release, driver })));
/** A day after the device went off. */
const nextDay = Date.UTC(2026, 0, 2);
const schema = { entities: releasedEntities, migrations: releasedMigrations };

let folder: string;
let endings: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'synchart-released-'));
  endings = [() => rm(folder, { recursive: true })];
});
afterEach(async () => {
  for (const end of endings.toReversed()) await end();
});

async function openCopy(release: string, driver: TestDriver): Promise<DataSource> {
  if (driver === 'postgres') {
    const url = await createPostgresDatabase();
    endings.push(() => dropPostgresDatabase(url));
    await restorePostgres(url, await readFile(join(releases, release, 'postgres.sql'), 'utf8'));
    return openPostgres({ ...schema, url });
  }
  const database = join(folder, 'app.db');
  await writeFile(database, gunzipSync(await readFile(join(releases, release, `${driver}.db.gz`))));
  return openDatabase({ driver, database, ...schema });
}

interface Device {
  readonly engine: SyncEngine;
  readonly server: TestServer;
  readonly dataSource: DataSource;
}

/** The present release on a copy of a database of `release`, against a server that holds what it held then. */
async function turnOn(release: string, driver: TestDriver): Promise<Device> {
  const dataSource = await openCopy(release, driver);
  const clock = createSimulatedClock(nextDay);
  const server = await createTestServer({ naming: 'camelCase', now: () => clock.now() });
  server.serverTime = () => clock.now();
  const rows = JSON.parse(await readFile(join(releases, release, 'server.json'), 'utf8')) as ServerRows;
  for (const [kind, list] of Object.entries(rows)) server.seed(kind, list);
  const engine = createSyncEngine({
    dataSource,
    transport: new RestTransport({ baseUrl: server.url, clock, deltas: true }),
    tables: releasedTables,
    clock,
    random: seededRandom(1),
    scope: () => releasedScope,
    // The requests of yesterday are not forgotten.
    config: { ...releasedConfig, idempotencyWindowMs: 7 * 86_400_000 },
  });
  endings.push(
    () => server.close(),
    () => dataSource.destroy(),
    () => engine.dispose(),
  );
  await engine.start();
  return { engine, server, dataSource };
}

const reasonsOf = async (engine: SyncEngine): Promise<unknown> =>
  (await engine.explain()).map(({ kind, entityId, reason, waitingFor }) => [
    `${kind}/${entityId}`,
    reason,
    ...(waitingFor === undefined ? [] : [waitingFor]),
  ]);
const byId = (rows: readonly JsonObject[]): readonly JsonObject[] =>
  rows.toSorted((a, b) => String(a['id']).localeCompare(String(b['id'])));

/** The rows that the app shows, with what the server also has. */
async function shownBy({ engine }: Device): Promise<unknown> {
  const [shownLists, shownTasks] = [await engine.repository(lists).find(), await engine.repository(tasks).find()];
  return {
    lists: byId(shownLists.map(({ id, name, slug, updatedAt }) => ({ id, name, slug, updatedAt }))),
    tasks: byId(
      shownTasks.map(({ id, title, done, points, listId, updatedAt }) => ({
        id,
        title,
        done,
        points,
        listId,
        updatedAt,
      })),
    ),
  };
}
const heldBy = ({ server }: Device): unknown => ({
  lists: byId(
    server
      .getAll('lists')
      .map(({ id = null, name = null, slug = null, updatedAt = null }) => ({ id, name, slug, updatedAt })),
  ),
  tasks: byId(
    server
      .getAll('tasks')
      .map(({ id = null, title = null, done = null, points = null, listId = null, updatedAt = null }) => ({
        id,
        title,
        done: Boolean(done),
        points,
        listId,
        updatedAt,
      })),
  ),
});

/** Kinds whose full resync is under way. */
const openResyncs = async (dataSource: DataSource): Promise<readonly string[]> =>
  (
    (await dataSource.query('SELECT kind FROM sync_cursors WHERE resync_open = 1 ORDER BY kind')) as { kind: string }[]
  ).map(({ kind }) => kind);

describe.each(cases)('a database of release $release on $driver', ({ release, driver }) => {
  test('I12: shows every queued operation with its reason, conflicts, given-up changes and the quarantine', async () => {
    const { engine, dataSource } = await turnOn(release, driver);
    expect(await reasonsOf(engine)).toEqual([
      ['tasks/ambiguous', 'ambiguous'],
      ['tasks/stuck', 'stuck'],
      ['tasks/conflicted', 'conflict'],
      ['tasks/decided', 'ready'],
      ['tasks/frozen', 'ready'],
      ['tasks/frozen', 'waitingFor', 'op6'],
      ['lists/garden', 'backoff'],
      ['lists/errands', 'inFlight'],
      ['tasks/exact', 'ready'],
      ['tasks/delta', 'ready'],
      ['tasks/deleted', 'ready'],
      ['lists/work', 'ready'],
      ['lists/office', 'ready'],
      ['tasks/created', 'ready'],
      ['tasks/created', 'waitingFor', 'op15'],
    ]);
    const counted = await firstValueFrom(
      engine.status$.pipe(filter(({ stuck, conflicts }) => stuck > 0 && conflicts > 0)),
    );
    expect(counted).toMatchObject({ stuck: 1, conflicts: 1, scopeChanged: false, paused: false });
    expect(await engine.conflicts()).toMatchObject([
      {
        state: 'awaiting',
        conflict: {
          entityId: 'conflicted',
          changedFields: ['title'],
          baseData: { title: 'server conflicted', points: 10 },
          localData: { title: 'mine conflicted', points: 10 },
          serverData: { title: 'their conflicted', points: 30 },
        },
      },
    ]);
    expect(await engine.getStuckOperations()).toMatchObject([
      { entityId: 'ambiguous', parkedFor: 'ambiguous' },
      { entityId: 'stuck', parkedFor: 'stuck', tryCount: 1, lastError: 'this request was to fail with 422' },
    ]);
    expect(await engine.discarded()).toMatchObject([
      { opId: 'op1', entityId: 'discarded', reason: 'dropped', data: { title: 'mine discarded' } },
    ]);
    expect(await engine.rowStatus(tasks, 'bad')).toMatchObject({
      quarantined: expect.stringContaining("field 'title' must be a string") as string,
    });
    expect(await openResyncs(dataSource)).toEqual(['tasks']);
    expect(await engine.repository(tasks).findBy({ id: 'deleted' })).toEqual([]);
  });

  test('I1, I2, I5: drains each request under its original key; nothing is lost and both sides agree', async () => {
    const device = await turnOn(release, driver);
    const { engine, server, dataSource } = device;
    await engine.sync();
    expect(await reasonsOf(engine)).toEqual([
      ['tasks/ambiguous', 'ambiguous'],
      ['tasks/stuck', 'stuck'],
      ['tasks/conflicted', 'conflict'],
    ]);
    expect(server.backend.effects.map(({ kind, id, key }) => `${kind}/${id} ${String(key)}`)).toEqual([
      'tasks/decided op5#2',
      'tasks/frozen op6',
      'lists/garden op8',
      'lists/errands op9',
      'tasks/exact op10',
      'tasks/delta op11',
      'tasks/deleted op12',
      'lists/work op13',
      'lists/office op14',
      'tasks/frozen op7',
      'tasks/created op16',
    ]);
    expect(await openResyncs(dataSource)).toEqual([]);

    server.update('tasks', 'bad', { title: 'server bad' });
    expect(await engine.retryStuckOperations()).toBe(2);
    await engine.resolveConflict('op4', { type: 'acceptClient' });
    await engine.undoDiscard('op1');
    await engine.sync();
    await engine.whenIdle();
    expect([
      await engine.explain(),
      await engine.conflicts(),
      await dataSource.query('SELECT * FROM sync_quarantine'),
    ]).toEqual([[], [], []]);
    expect(await shownBy(device)).toEqual(heldBy(device));
    expect(heldBy(device)).toMatchObject({
      lists: [
        { name: 'mine errands' },
        { name: 'mine garden' },
        { name: 'server home' },
        { id: 'office', slug: 'work' },
      ],
      tasks: [
        { id: 'ambiguous', points: 25 },
        { id: 'bad', title: 'server bad' },
        { id: 'conflicted', title: 'mine conflicted' },
        { id: 'created', points: 1, listId: 'office' },
        { id: 'decided', title: 'both decided', points: 30 },
        { id: 'delta', points: 13 },
        { id: 'discarded', title: 'mine discarded' },
        { id: 'exact', title: 'mine exact' },
        { id: 'frozen', title: 'mine frozen', done: true },
        { id: 'seen', title: 'server seen' },
        { id: 'stuck', title: 'mine stuck' },
      ],
    });
    // What nobody edited went back as the server had sent it.
    expect(server.get('tasks', 'exact')).toMatchObject({ done: 1, amount: '10.00' });
  });
});
