/**
 * Two people edit one record: different fields both stay; of two values for one field the one typed later stays,
 * whoever synced first.
 */
import { syncTable, type JsonObject, type MergeFunction } from 'synchart';
import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { EntitySchema } from 'typeorm';
import { fresh, openScene, runIfMain, type Device, type Log } from './setup.ts';

interface Contact extends SyncedRow {
  id: string;
  name: string;
  phone: string;
  tags: string[];
  /** When each field was typed last, ISO 8601; a column like any other for server and engine. */
  typedAt: Record<string, string>;
}

const Contact = new EntitySchema<Contact>({
  name: 'contacts',
  columns: {
    id: { type: 'text', primary: true },
    name: { type: 'text' },
    phone: { type: 'text' },
    tags: { type: 'simple-json' },
    typedAt: { type: 'simple-json', name: 'typed_at' },
    ...syncColumns,
  },
});

const times = (row: JsonObject): Record<string, string> => (row['typedAt'] ?? {}) as Record<string, string>;

/** Begins with the server's row and takes each field that was changed here and typed later. */
const laterFieldWins: MergeFunction = (local, server, { changedFields = [] }) => {
  const [mine, theirs] = [times(local), times(server)];
  const later = changedFields.filter((field) => field !== 'typedAt' && (mine[field] ?? '') > (theirs[field] ?? ''));
  const taken = Object.fromEntries(later.map((field) => [field, local[field] ?? null]));
  const typedAt = { ...theirs, ...Object.fromEntries(later.map((field) => [field, mine[field] ?? ''])) };
  return { ...server, ...taken, typedAt };
};

const contacts = syncTable(Contact, {
  conflict: { strategy: 'merge', mergeFunction: laterFieldWins, fields: { tags: 'union' } },
});

/** Notes the time with every field that is changed. */
async function type(
  device: Device,
  id: string,
  change: Partial<Pick<Contact, 'name' | 'phone' | 'tags'>>,
  at: string,
): Promise<void> {
  const { typedAt } = await device.find(contacts, id);
  const stamped = { ...typedAt, ...Object.fromEntries(Object.keys(change).map((field) => [field, at])) };
  await device.edit(contacts, id, { ...change, typedAt: stamped });
}

export async function run(log: Log) {
  const scene = await openScene({ entities: [Contact] });
  try {
    const ann = await scene.device({ tables: [contacts] });
    const ben = await scene.device({ tables: [contacts] });
    const givenUp: JsonObject[] = [];
    ben.engine.events$.subscribe((event) => {
      if (event.type === 'conflict.resolved') givenUp.push(...(event.givenUp ?? []).map(({ data }) => data));
    });
    await ann.engine
      .writer(contacts)
      .insertAndEnqueue({ id: 'eve', name: 'Eve', phone: '1', tags: ['friend'], typedAt: {}, ...fresh });
    await ann.engine.sync();
    await ben.engine.sync();

    log('Offline, Ben types phone 2 at 9:00, name Eva at 9:30, and the tag choir');
    await type(ben, 'eve', { phone: '2' }, '2025-03-01T09:00:00.000Z');
    await type(ben, 'eve', { name: 'Eva', tags: ['friend', 'choir'] }, '2025-03-01T09:30:00.000Z');
    log('Ann types phone 3 at 10:00 and the tag work; she syncs first');
    await type(ann, 'eve', { phone: '3', tags: ['friend', 'work'] }, '2025-03-01T10:00:00.000Z');
    await ann.engine.sync();
    await ben.engine.sync();
    await ann.engine.sync();

    const rows = [
      await scene.onServer(Contact, 'eve'),
      await ann.find(contacts, 'eve'),
      await ben.find(contacts, 'eve'),
    ];
    const results = rows.map(({ name, phone, tags }) => ({ name, phone, tags: [...tags].sort() }));
    log(`Everybody has: ${JSON.stringify(results[0])}`);
    log(`Ben's device was told what it lost: ${JSON.stringify(givenUp.map(({ typedAt: _, ...values }) => values))}`);
    return { results, givenUp };
  } finally {
    await scene.close();
  }
}

await runIfMain(import.meta.url, run);
