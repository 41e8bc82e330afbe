import { QueryFailedError, type EntityManager } from 'typeorm';
import type { SimulatedKind, SimulatedRow } from './simulated-app.ts';
import type { SimulatedWrite } from './simulation-script.ts';
import { SimulationViolation } from './virtual-time.ts';

/** The parts of a write. */
export interface AppWriting {
  readonly manager: EntityManager;
  /** A text that nobody has written before. */
  readonly text: string;
  readonly newRow: SimulatedRow;
  /** Waits as long as a form stays open. */
  readonly wait: () => Promise<void>;
}

/** Writes like an app that only knows TypeORM and captures its writes: loads an entity, changes it, and saves it. */
export async function writeAsApp(
  kind: SimulatedKind,
  id: string,
  change: SimulatedWrite,
  { manager, text, newRow, wait }: AppWriting,
): Promise<void> {
  const rows = manager.getRepository<SimulatedRow>(kind);
  const row = await rows.findOneBy({ id });
  if (row === null) {
    if (change.type === 'restore') await rows.restore(id);
    else if (change.type === 'replace' || change.type === 'tag')
      await putAndLook(kind, change.type, { manager, newRow });
    else await rows.save(newRow).catch(unlessTaken);
    return;
  }
  switch (change.type) {
    case 'edit':
      if (kind === 'lists') row.title = text;
      else if (change.field === 'done') row.done = row.done !== true;
      else row[change.field] = text;
      if (change.stale) await wait();
      await rows.save(row);
      return;
    case 'replace':
      row.title = text;
      if (kind === 'tasks') Object.assign(row, { note: text, listId: row.listId === '1' ? null : '1' });
      await rows.save(row);
      return;
    case 'delete':
      await rows.remove(row);
      return;
    case 'restore':
      return;
    case 'increment':
      if (kind === 'tasks') await rows.increment({ id }, 'points', change.by);
      return;
    case 'tag':
      if (kind !== 'tasks') return;
      row.tags = [...(row.tags ?? []).filter((tag) => tag !== change.tag), ...(change.add ? [change.tag] : [])];
      await rows.save(row);
      return;
    default:
      return change satisfies never;
  }
}

/** Inserts a row where none is visible, as imports do; a deleted one may exist. The row is visible at once (F-154). */
function putAndLook(
  kind: SimulatedKind,
  how: 'replace' | 'tag',
  { manager, newRow }: Pick<AppWriting, 'manager' | 'newRow'>,
): Promise<void> {
  return manager.transaction(async (inside) => {
    const rows = inside.getRepository<SimulatedRow>(kind);
    const isShown = await rows.existsBy({ id: newRow.id });
    if (how === 'replace')
      await rows.upsert(
        { id: newRow.id, title: newRow.title },
        { conflictPaths: ['id'], skipUpdateIfNoValuesChanged: true },
      );
    else await rows.createQueryBuilder().insert().values(newRow).orIgnore().execute();
    const row = await rows.findOneBy({ id: newRow.id });
    if (row === null || (!isShown && row.title !== newRow.title))
      throw new SimulationViolation(
        'I1',
        `${kind}/${newRow.id} was put with the title '${newRow.title}', and ${row === null ? 'is not shown' : `shows '${row.title}'`}`,
      );
  });
}

/** Another writer may insert the row between TypeORM's read and its INSERT. The app has then written nothing. */
function unlessTaken(error: unknown): void {
  if (!(error instanceof QueryFailedError && error.message.includes('UNIQUE constraint failed'))) throw error;
}
