/** Every row of a list says where its change is: saved, on its way, waiting, refused, or in need of a decision. */
import { syncTable, type PendingReason, type SyncEngine } from 'synchart';
import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { EntitySchema } from 'typeorm';
import { fresh, openScene, runIfMain, type Log } from './setup.ts';

interface Task extends SyncedRow {
  id: string;
  title: string;
}

const Task = new EntitySchema<Task>({
  name: 'tasks',
  columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...syncColumns },
});
const tasks = syncTable(Task, { conflict: { strategy: 'manual' } });

/** The words of this app. A reason that is added later is a compile error here. */
const words: Readonly<Record<PendingReason, string>> = {
  ready: 'not sent yet',
  waitingFor: 'not sent yet',
  inFlight: 'sending…',
  backoff: 'will be tried again',
  conflict: 'changed by somebody else: decide',
  stuck: 'refused: correct it',
  forbidden: 'not allowed',
  authRequired: 'sign in to send',
  offline: 'offline',
  paused: 'paused',
  standby: 'another window is sending',
  ambiguous: 'perhaps sent: look',
  scopeChanged: 'belongs to another account',
  newerSchema: 'needs a newer version of the app',
  unregisteredKind: 'needs a newer version of the app',
};

/** What a row's status column shows. The oldest operation of a row speaks for it: the others wait for that one. */
async function statusColumn(engine: SyncEngine): Promise<(id: string) => string> {
  const statuses = new Map<string, string>();
  for (const { entityId, reason } of await engine.explain())
    if (!statuses.has(entityId)) statuses.set(entityId, words[reason]);
  return (id) => statuses.get(id) ?? 'saved';
}

export async function run(log: Log) {
  const scene = await openScene({
    entities: [Task],
    beforeWrite: ({ payload }) =>
      payload?.['title'] === '' ? { message: 'A task needs a title.', fields: { title: 'empty' } } : undefined,
  });
  try {
    const settings = { tables: [tasks], config: { maxOutboxTryCount: 1, maxRetries: 0 } };
    const ann = await scene.device(settings);
    const ben = await scene.device(settings);
    const shown: Record<string, string>[] = [];
    const show = async (caption: string): Promise<void> => {
      const statusOf = await statusColumn(ben.engine);
      const rows = await ben.dataSource.getRepository(Task).find({ order: { id: 'ASC' } });
      log(caption);
      for (const { id, title } of rows) log(`     ${title.padEnd(12)} ${statusOf(id)}`);
      shown.push(Object.fromEntries(rows.map(({ id }) => [id, statusOf(id)])));
    };
    // What happened to single changes, as it happens: the moments to draw the column again.
    const moments: string[] = [];
    ben.engine.events$.subscribe((event) => {
      if (event.type === 'op.pushed' || event.type === 'op.failed' || event.type === 'op.stuck')
        moments.push(`${event.type} ${event.entityId}`);
      if (event.type === 'conflict.detected') moments.push(`${event.type} ${event.conflict.entityId}`);
    });

    for (const id of ['1', '2', '3'])
      await ann.engine.writer(tasks).insertAndEnqueue({ id, title: `Task ${id}`, ...fresh });
    await ann.engine.sync();
    await ben.engine.sync();
    await ann.edit(tasks, '2', { title: "Ann's title" });
    await ann.engine.sync();

    await ben.edit(tasks, '1', { title: 'Task one' });
    await ben.edit(tasks, '2', { title: "Ben's title" });
    await ben.edit(tasks, '3', { title: '' });
    await show('Ben has changed three tasks, offline:');
    await ben.engine.sync();
    await show('He has synced; one was sent, two need him:');
    await scene.server.close();
    await ben.edit(tasks, '1', { title: 'Task uno' });
    await ben.engine
      .sync()
      .catch((error: unknown) => log(`The server is down (${error instanceof Error ? error.name : ''})`));
    await show('His next change waits:');
    return { shown, moments };
  } finally {
    await scene.close();
  }
}

await runIfMain(import.meta.url, run);
