import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EntitySchema, type DataSource } from 'typeorm';
import { createSyncEngine, syncTable, type SyncEngine } from 'synchart';
import { openDatabase, syncColumns, type SyncedRow } from 'synchart/persistence';
import { createSimulatedClock, createTestServer, MemoryTransport, type SimulatedClock } from 'synchart/testing';
import { RestTransport } from 'synchart/transport';

interface Note extends SyncedRow {
  id: string;
  text: string;
}
const Note = new EntitySchema<Note>({
  name: 'notes',
  columns: { id: { type: 'text', primary: true }, text: { type: 'text' }, ...syncColumns },
});
const notes = syncTable(Note);

let dataSource: DataSource;
let engine: SyncEngine;
beforeEach(async () => {
  dataSource = await openDatabase({
    driver: 'better-sqlite3',
    database: ':memory:',
    entities: [Note],
    synchronize: true,
  });
});
afterEach(async () => {
  vi.useRealTimers();
  await engine.dispose();
  await dataSource.destroy();
});

test('an edit reaches the server', async () => {
  const transport = new MemoryTransport();
  engine = createSyncEngine({ dataSource, transport, tables: [notes] });
  await engine.repository(notes).create({ id: 'a', text: 'Milk' });
  await engine.sync();
  expect(transport.backend.get('notes', 'a')).toMatchObject({ text: 'Milk' });
});

test('a conflict keeps both edits', async () => {
  const transport = new MemoryTransport();
  transport.backend.seed('notes', { id: 'a', text: 'Milk', price: 1 });
  engine = createSyncEngine({ dataSource, transport, tables: [notes] });
  await engine.sync();
  await engine.repository(notes).update('a', { text: 'Oat milk' });
  transport.backend.update('notes', 'a', { price: 2 });
  await engine.sync();
  expect(transport.backend.get('notes', 'a')).toMatchObject({ text: 'Oat milk', price: 2 });
});

test('an edit waits while the server is down and is sent automatically afterwards', async () => {
  const clock: SimulatedClock = createSimulatedClock();
  const server = await createTestServer();
  engine = createSyncEngine({
    dataSource,
    transport: new RestTransport({ baseUrl: server.url }),
    tables: [notes],
    clock,
  });
  await engine.start();
  engine.startAuto({ interval: 60_000 });
  await engine.repository(notes).create({ id: 'a', text: 'Milk' });
  await server.stop();
  await clock.advance(60_000);
  await vi.waitFor(() => expect(engine.status()).toMatchObject({ phase: 'backoff', pending: 1 }), 10_000);
  await server.start();
  await vi.waitFor(async () => {
    await clock.advance(60_000);
    expect(server.get('notes', 'a')).toMatchObject({ text: 'Milk' });
  }, 10_000);
  await server.close();
});

test('fake timers drive the waits, and no call hangs', async () => {
  vi.useFakeTimers();
  const transport = new MemoryTransport();
  engine = createSyncEngine({ dataSource, transport, tables: [notes] });
  await engine.start();
  engine.startAuto({ interval: 60_000 });
  await engine.repository(notes).create({ id: 'a', text: 'Milk' });
  await vi.advanceTimersByTimeAsync(60_000);
  await engine.whenIdle();
  expect(transport.backend.get('notes', 'a')).toBeDefined();
});
