import { createApp, h, isReactive, reactive, ref, type Ref } from 'vue';
import { afterEach, beforeEach, expect, onTestFinished, test } from 'vitest';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { QueryResult } from '../../src/queries/query-store.ts';
import { createSyncPlugin, useLiveQuery, useRepository, type EngineSource } from '../../src/vue.ts';
import { openPageBench, todos, type PageBench } from '../queries/page-bench.ts';
import { createShown } from '../queries/framework-adapter.ts';
import type { Todo } from '../support/todo.ts';

let bench: PageBench;
beforeEach(async () => {
  bench = await openPageBench();
});
afterEach(() => bench.close());

const mount = (engine: EngineSource, setup: () => () => unknown): void => {
  const component = { setup: () => setup() as () => undefined };
  const app = createApp({ render: () => h(component) }).use(createSyncPlugin(engine));
  app.mount(document.createElement('div'));
  onTestFinished(() => app.unmount());
};

test('accepts an engine, a row to write and a dependency as reactive objects', async () => {
  const { until, show } = createShown();
  const filter = reactive({ titles: ['Milk'] });
  const draft = reactive({ id: 'a', title: 'Milk', tags: ['cold'] });
  // A plain ref makes a proxy of the engine.
  const engine = ref(bench.engine) as Ref<SyncEngine>;
  let create: ((row: Partial<Todo>) => Promise<Todo>) | undefined;
  mount(engine, () => {
    ({ create } = useRepository(todos));
    const found = useLiveQuery(
      async (sync, { titles }) => (await sync.repository(todos).find()).filter(({ title }) => titles.includes(title)),
      [filter],
      { tables: [todos] },
    );
    return () => {
      show(found.value);
      return null;
    };
  });
  const titlesAre = (text: string) => (value: unknown) =>
    (value as QueryResult<readonly Todo[]>).data?.map(({ title }) => title).join() === text;
  await create?.(draft);
  const { data } = (await until(titlesAre('Milk'))) as QueryResult<readonly Todo[]>;
  expect(data?.[0]).toMatchObject({ tags: ['cold'] });
  expect(isReactive(data?.[0])).toBe(false);
  await create?.({ id: 'b', title: 'Bread' });
  filter.titles.push('Bread');
  await until(titlesAre('Milk,Bread'));
});
