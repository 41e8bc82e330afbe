/** An app with hooks, for the tests that measure its page. */
import { createElement, useEffect, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import { EntitySchema } from 'typeorm';
import { createSyncEngine, syncTable } from 'synchart';
import { openBrowserDatabase } from 'synchart/browser';
import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { SyncProvider, useDiagnosis, useLiveQuery, useLiveRow, useSyncStatus } from 'synchart/react';
import { RestTransport } from 'synchart/transport';
import wasmUrl from '@sqlite.org/sqlite-wasm/sqlite3.wasm?url';

interface TodoRow extends SyncedRow {
  id: string;
  title: string;
}
const Todo = new EntitySchema<TodoRow>({
  name: 'todos',
  columns: { id: { type: 'text', primary: true }, title: { type: 'text' }, ...syncColumns },
});
const todos = syncTable(Todo);

/** What the page showed last, and how often it rendered. */
interface Shown {
  readonly rows: number;
  readonly total: number;
  readonly complete: boolean;
  readonly renders: number;
}

export interface PullWithHooks {
  /** Durations of tasks over 50 ms while the engine synced, in ms. */
  readonly longTasks: readonly number[];
  readonly shown: Shown;
}

/** Pulls everything while a screen shows a page of rows with their sync marks, their count, one row, and the status. */
async function pull(baseUrl: string): Promise<PullWithHooks> {
  const { dataSource } = await openBrowserDatabase({ name: 'hooks', entities: [Todo], synchronize: true, wasmUrl });
  const engine = createSyncEngine({ dataSource, transport: new RestTransport({ baseUrl }), tables: [todos] });
  await engine.start();

  let last: Shown = { rows: 0, total: 0, complete: false, renders: 0 };
  const looks = new Set<() => void>();
  const until = (suits: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (!suits()) return;
        looks.delete(look);
        resolve();
      };
      looks.add(look);
      look();
    });
  const Screen = (): ReactNode => {
    const page = useLiveQuery((sync) => sync.repository(todos).find({ order: { id: 'ASC' }, take: 100 }), [], {
      tables: [todos],
      marks: true,
    });
    const count = useLiveQuery(() => dataSource.getRepository(Todo).count(), [], { tables: [todos] });
    const first = useLiveRow(todos, 'row-0');
    const phase = useSyncStatus((now) => now.phase);
    const [{ code } = { code: 'none' }] = useDiagnosis();
    useEffect(() => {
      const [rows, total] = [page.data?.length ?? 0, count.data ?? 0];
      last = { rows, total, complete: page.complete && count.complete, renders: last.renders + 1 };
      for (const look of [...looks]) look();
    });
    const list = (page.data ?? []).map(({ id, title }) => createElement('li', { key: id }, title));
    return createElement('ul', null, `${phase} ${code} ${first.data?.title ?? ''}`, list);
  };
  const element = document.createElement('div');
  document.body.append(element);
  createRoot(element).render(createElement(SyncProvider, { engine }, createElement(Screen)));
  await until(() => last.renders > 0);

  const long: PerformanceEntry[] = [];
  const observer = new PerformanceObserver((list) => long.push(...list.getEntries()));
  observer.observe({ type: 'longtask' });
  await engine.sync();
  await until(() => last.complete);
  return { longTasks: [...long, ...observer.takeRecords()].map(({ duration }) => duration), shown: last };
}

Object.assign(globalThis, { app: { pull } });
