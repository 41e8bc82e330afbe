import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { directusTransport } from '../../examples/adapters/directus.ts';
import { djangoTransport } from '../../examples/adapters/django-rest.ts';
import { expressTransport } from '../../examples/adapters/express-sequelize.ts';
import { feathersTransport } from '../../examples/adapters/feathers.ts';
import { jsonServerTransport } from '../../examples/adapters/json-server.ts';
import { laravelTransport } from '../../examples/adapters/laravel.ts';
import { postgrestTransport } from '../../examples/adapters/postgrest.ts';
import { strapiTransport } from '../../examples/adapters/strapi.ts';
import type { SyncConfig } from '../../src/model/config.ts';
import type { TransportAdapter } from '../../src/model/transport.ts';
import { openEngine, type EngineBench } from '../support/open-engine.ts';
import { todoOf, type Todo } from '../support/todo.ts';
import { startDirectus } from './crud-apis/directus-api.ts';
import { startDjango } from './crud-apis/django-api.ts';
import { startExpress } from './crud-apis/express-api.ts';
import { startFeathers } from './crud-apis/feathers-api.ts';
import { startJsonServer } from './crud-apis/json-server-api.ts';
import { startLaravel } from './crud-apis/laravel-api.ts';
import { startPostgrest } from './crud-apis/postgrest-api.ts';
import type { RunningApi } from './crud-apis/serve-api.ts';
import { startStrapi } from './crud-apis/strapi-api.ts';

interface Subject {
  readonly file: string;
  readonly start: () => Promise<RunningApi>;
  readonly transport: (url: string) => TransportAdapter;
  /** Whether an ordinary pull brings deletes. */
  readonly deletes: 'soft' | 'hard';
  /** What the API itself says about a title that is too long. */
  readonly refusal: string;
}

const bearer = (): string => 'Bearer secret';
const subjects: readonly (readonly [string, Subject])[] = [
  [
    'Express and Sequelize',
    {
      file: 'express-sequelize',
      start: startExpress,
      transport: (url) => expressTransport(url, bearer),
      deletes: 'soft',
      refusal: 'Check the fields. (title: At most 20 characters.)',
    },
  ],
  [
    'json-server',
    {
      file: 'json-server',
      start: startJsonServer,
      transport: jsonServerTransport,
      deletes: 'soft',
      refusal: 'Title is too long.',
    },
  ],
  [
    'Feathers',
    {
      file: 'feathers',
      start: startFeathers,
      transport: (url) => feathersTransport(url),
      deletes: 'hard',
      refusal: 'Validation failed (title: At most 20 characters.)',
    },
  ],
  [
    'PostgREST',
    {
      file: 'postgrest',
      start: startPostgrest,
      transport: (url) => postgrestTransport(url, 'anon', bearer),
      deletes: 'soft',
      refusal: 'violates check constraint "title_is_short"',
    },
  ],
  [
    'Django REST',
    {
      file: 'django-rest',
      start: startDjango,
      transport: (url) => djangoTransport(url, () => 'Token secret'),
      deletes: 'hard',
      refusal: 'title: Ensure this field has no more than 20 characters.',
    },
  ],
  [
    'Laravel',
    {
      file: 'laravel',
      start: startLaravel,
      transport: (url) => laravelTransport(`${url}/api`, bearer),
      deletes: 'soft',
      refusal: 'The title field must not be greater than 20 characters.',
    },
  ],
  [
    'Strapi',
    {
      file: 'strapi',
      start: startStrapi,
      transport: (url) => strapiTransport(`${url}/api`, bearer),
      deletes: 'hard',
      refusal: 'title must be at most 20 characters',
    },
  ],
  [
    'Directus',
    {
      file: 'directus',
      start: startDirectus,
      transport: (url) => directusTransport(url, bearer),
      deletes: 'hard',
      refusal: 'Validation failed for field "title". Length must be at most 20.',
    },
  ],
];

/** Two devices that synchronise through one API, three rows a page. */
async function twoDevices({ start, transport }: Subject, config: Partial<SyncConfig> = {}) {
  const api = await start();
  const device = () => openEngine({ transport: transport(api.url), config: { maxRetries: 0, pageSize: 3, ...config } });
  const devices = { here: await device(), there: await device() };
  onTestFinished(async () => {
    await devices.here.close();
    await devices.there.close();
    await api.stop();
  });
  return { ...devices, api };
}

const titles = async ({ dataSource }: EngineBench): Promise<string[]> =>
  (await dataSource.getRepository<Todo>('todos').find({ order: { id: 'ASC' } }))
    .filter(({ deletedAt, deletedAtLocal }) => deletedAt === null && deletedAtLocal === null)
    .map(({ title }) => title);

async function change(bench: EngineBench, id: string, changes: Partial<Todo>): Promise<void> {
  const row = await bench.row(id);
  if (row === null) throw new Error(`there is no row ${id}`);
  await bench.writer.replaceAndEnqueue({ ...row, ...changes }, { changedFields: Object.keys(changes) });
}

describe.each(subjects)('%s', (_, subject) => {
  test('a device creates, edits and deletes; another pulls it page by page', async () => {
    const { here, there } = await twoDevices(subject);
    for (const id of ['a', 'b', 'c', 'd', 'e', 'f', 'g'])
      await here.writer.insertAndEnqueue(todoOf(id, { tags: [id] }));
    expect(await here.engine.sync()).toMatchObject({ pushed: 7, errors: 0 });
    expect(await there.engine.sync()).toMatchObject({ pulled: 7 });
    expect(await titles(there)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((id) => `title of ${id}`));
    expect(await there.row('c')).toMatchObject({ tags: ['c'], done: false });

    await change(there, 'c', { title: 'changed', done: true });
    expect(await there.engine.sync()).toMatchObject({ pushed: 1, errors: 0 });
    await here.engine.sync();
    expect(await here.row('c')).toMatchObject({ title: 'changed', done: true, tags: ['c'] });

    await here.writer.enqueueDelete('b');
    expect(await here.engine.sync()).toMatchObject({ pushed: 1, errors: 0 });
    await there.engine.sync();
    expect((await titles(there)).length).toBe(subject.deletes === 'soft' ? 6 : 7);
    await there.engine.fullResync();
    expect(await titles(there)).toEqual(await titles(here));
    expect(await titles(there)).not.toContain('title of b');
    expect(here.types()).not.toContain('op.failed');
  });

  test('I5: two devices that edit the same row meet a conflict, and both edits survive', async () => {
    const { here, there } = await twoDevices(subject);
    await here.writer.insertAndEnqueue(todoOf('a', { tags: ['x'] }));
    await here.engine.sync();
    await there.engine.sync();
    await change(here, 'a', { title: 'mine' });
    await change(there, 'a', { done: true });
    await here.engine.sync();
    expect(await there.engine.sync()).toMatchObject({ errors: 0 });
    expect(there.types()).toContain('conflict.detected');
    await here.engine.sync();
    for (const device of [here, there])
      expect(await device.row('a')).toMatchObject({ title: 'mine', done: true, tags: ['x'] });
    expect(await there.queued()).toEqual([]);
  });

  test('I4: an edit of a row that another device deleted is a conflict, and does not create the row again', async () => {
    const { here, there } = await twoDevices(subject, { conflictStrategy: 'serverWins' });
    await here.writer.insertAndEnqueue(todoOf('a'));
    await here.engine.sync();
    await there.engine.sync();
    await here.writer.enqueueDelete('a');
    await here.engine.sync();
    await change(there, 'a', { title: 'too late' });
    await there.engine.sync();
    expect(there.types()).toContain('conflict.detected');
    await here.engine.fullResync();
    for (const device of [here, there]) expect(await titles(device)).toEqual([]);
  });

  test('I5: an edit that wins over a delete brings the row back on both devices', async () => {
    const { here, there } = await twoDevices(subject, { conflictStrategy: 'clientWins' });
    await here.writer.insertAndEnqueue(todoOf('a'));
    await here.engine.sync();
    await there.engine.sync();
    await here.writer.enqueueDelete('a');
    await here.engine.sync();
    await change(there, 'a', { title: 'kept' });
    expect(await there.engine.sync()).toMatchObject({ errors: 0 });
    await here.engine.sync();
    for (const device of [here, there]) expect(await titles(device)).toEqual(['kept']);
  });

  test('a refused row says why in the words of the API; the others go on', async () => {
    const { here, there } = await twoDevices(subject);
    await here.writer.insertAndEnqueue(todoOf('a', { title: 'x'.repeat(21) }));
    await here.writer.insertAndEnqueue(todoOf('b'));
    await here.engine.sync().catch(() => undefined);
    expect(here.types()).toContain('op.failed');
    const [refused] = await here.engine.explain();
    expect(refused?.lastError).toContain(subject.refusal);
    await change(here, 'a', { title: 'short' });
    await here.engine.sync();
    expect(await here.queued()).toEqual([]);
    await there.engine.sync();
    expect(await titles(there)).toEqual(['short', 'title of b']);
  });

  test('the adapter has at most 40 lines, and its health check works', async () => {
    const text = readFileSync(
      fileURLToPath(new URL(`../../examples/adapters/${subject.file}.ts`, import.meta.url)),
      'utf8',
    );
    expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(40);
    const { here, api } = await twoDevices(subject);
    const transport = subject.transport(api.url);
    expect(await transport.health({})).toBe(true);
    await api.stop();
    expect(await transport.health({})).toBe(false);
    expect(here.types()).toEqual([]);
  });
});
