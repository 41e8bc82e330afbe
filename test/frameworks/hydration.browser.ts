import { getNextElement, hydrate as hydrateSolid, insert, template } from 'solid-js/web';
import { hydrate as hydrateSvelte, unmount } from 'svelte';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { createSSRApp, defineComponent, h } from 'vue';
import { renderToString } from 'vue/server-renderer';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import { createSyncPlugin, useLiveQuery, useSyncStatus } from '../../src/vue.ts';
import { openPageBench, type PageBench } from '../queries/page-bench.ts';
import { todoOf } from '../support/todo.ts';
import Served from './served.svelte';
import { htmlOf, served, servedBySolid } from './served.ts';

let bench: PageBench;
let element: HTMLElement;
beforeEach(async () => {
  bench = await openPageBench();
  await bench.writer.insertAndEnqueue(todoOf('c'));
  element = document.createElement('div');
  document.body.append(element);
});
afterEach(async () => {
  element.remove();
  vi.restoreAllMocks();
  await bench.close();
});

/** Resolves when the page shows a text. */
const untilText = (text: string): Promise<void> =>
  new Promise((resolve) => {
    const look = (): void => {
      if (element.textContent !== text) return;
      observer.disconnect();
      resolve();
    };
    const observer = new MutationObserver(look);
    observer.observe(element, { childList: true, subtree: true, characterData: true });
    look();
  });
const spy = () => [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')] as const;

test("Vue hydrates the server's markup and continues with the database", async () => {
  const list = defineComponent({
    setup: () => {
      const { query, tables, initial } = served;
      const given = useLiveQuery(query, [], { tables, initial });
      const loading = useLiveQuery(query, [1], { tables });
      const phase = useSyncStatus((now) => now.phase);
      return () => h('p', `${given.value.data?.map(({ id }) => id).join(' ')}|${loading.value.status}|${phase.value}`);
    },
  });
  const appWith = (engine: SyncEngine | null) => createSSRApp({ render: () => h(list) }).use(createSyncPlugin(engine));
  const html = await renderToString(appWith(null));
  expect(html).toBe('<p>a b|loading|starting</p>');
  element.innerHTML = html;
  const shown = element.firstElementChild;
  const complaints = spy();
  const app = appWith(bench.engine);
  app.mount(element);
  onTestFinished(() => app.unmount());
  await untilText('c|ready|idle');
  expect(element.firstElementChild).toBe(shown);
  for (const complaint of complaints) expect(complaint).not.toHaveBeenCalled();
});

test("Svelte hydrates the server's markup and continues with the database", async () => {
  element.innerHTML = htmlOf.svelte;
  const shown = element.firstElementChild;
  const complaints = spy();
  const component = hydrateSvelte(Served, { target: element, props: { engine: bench.engine } });
  onTestFinished(() => unmount(component));
  await untilText('c|ready|idle');
  expect(element.firstElementChild).toBe(shown);
  for (const complaint of complaints) expect(complaint).not.toHaveBeenCalled();
});

test("Solid hydrates the server's markup and continues with the database", async () => {
  element.innerHTML = htmlOf.solid;
  const shown = element.firstElementChild;
  const complaints = spy();
  Object.assign(globalThis, { _$HY: { events: [], completed: new WeakSet(), r: {}, fe: () => undefined } });
  const paragraph = template('<p>');
  const dispose = hydrateSolid(
    () =>
      servedBySolid(
        () => bench.engine,
        (text) => {
          const node = getNextElement(paragraph);
          insert(node, text);
          return node;
        },
      ),
    element,
  );
  onTestFinished(dispose);
  await untilText('c|ready|idle');
  expect(element.firstElementChild).toBe(shown);
  for (const complaint of complaints) expect(complaint).not.toHaveBeenCalled();
});
