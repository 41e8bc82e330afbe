import { QueryFailedError, type EntityManager } from 'typeorm';
import type { SimulatedKind, SimulatedRow } from './simulated-app.ts';
import type { SimulatedWrite } from './simulation-script.ts';

/** What a write is made with. */
export interface AppWriting {
  readonly manager: EntityManager;
  /** A text that nobody wrote before. */
  readonly text: string;
  readonly newRow: SimulatedRow;
  /** As long as a form stays open. */
  readonly wait: () => Promise<void>;
}

/** Writes as an app does that knows only TypeORM and captures what it writes: loads an entity, changes it, and saves it. */
export async function writeAsApp(kind: SimulatedKind, id: string, change: SimulatedWrite, { manager, text, newRow, wait }: AppWriting): Promise<void> {
  const rows = manager.getRepository<SimulatedRow>(kind);
  const row = await rows.findOneBy({ id });
  if (row === null) {
    if (change.type === 'restore') await rows.restore(id);
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

/** Between TypeORM's look for the row and its INSERT somebody else may have written it; then an app has written nothing. */
function unlessTaken(error: unknown): void {
  if (!(error instanceof QueryFailedError && error.message.includes('UNIQUE constraint failed'))) throw error;
}
