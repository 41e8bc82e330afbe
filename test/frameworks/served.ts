import { createComponent, type JSX } from 'solid-js';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import { syncTable } from '../../src/persistence/tables/sync-table.ts';
import { SyncProvider, useLiveQuery, useSyncStatus } from '../../src/solid.ts';
import { todoEntity, type Todo } from '../support/todo.ts';

const todos = syncTable(todoEntity);

/** What a server renders, and a page hydrates. */
export const served = {
  initial: [{ id: 'a' }, { id: 'b' }],
  tables: [todos],
  query: (engine: SyncEngine): Promise<readonly Pick<Todo, 'id'>[]> =>
    engine.repository(todos).find({ order: { id: 'ASC' } }),
} as const;

/** What the servers of the tests send; the tests in Chromium hydrate the same texts. */
export const htmlOf = {
  svelte: '<!--[--><p>a b|loading|starting</p><!--]-->',
  solid: '<p data-hk="0000">a b|loading|</p><p data-hk="0001">starting</p>',
} as const;

/** The component for Solid; `draw` makes an element of a text, which server and page do in different ways. */
export const servedBySolid = (
  engine: () => SyncEngine | null,
  draw: (text: () => string) => JSX.Element,
): JSX.Element =>
  createComponent(SyncProvider, {
    get engine() {
      return engine();
    },
    get children() {
      return createComponent(() => {
        const { query, tables, initial } = served;
        const given = useLiveQuery(query, [], { tables, initial });
        const loading = useLiveQuery(query, [1], { tables });
        const phase = useSyncStatus((now) => now.phase);
        const ids = (): string => (given().data ?? []).map(({ id }) => id).join(' ');
        // The phase alone: what never changes again stays as it was hydrated.
        return [draw(() => `${ids()}|${loading().status}|`), draw(phase)];
      }, {});
    },
  });
