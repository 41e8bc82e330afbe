import { afterEach, expect, test, vi } from 'vitest';
import { createTriggers } from '../../src/engine/triggers.ts';
import { todoOf } from '../support/todo.ts';
import { openEngine, type EngineBench, type EngineBenchOptions } from '../support/open-engine.ts';

let bench: EngineBench | undefined;
afterEach(async () => {
  await bench?.close();
  bench = undefined;
  vi.unstubAllGlobals();
});

/** A window and a document, as far as the engine looks at them. */
async function openInPage(options: EngineBenchOptions = {}) {
  const window = new EventTarget();
  const document = Object.assign(new EventTarget(), { visibilityState: 'visible' });
  const navigator = { onLine: true };
  vi.stubGlobal('document', document);
  vi.stubGlobal('navigator', navigator);
  vi.stubGlobal('addEventListener', window.addEventListener.bind(window));
  vi.stubGlobal('removeEventListener', window.removeEventListener.bind(window));
  const opened = await openEngine(options);
  bench = opened;
  return {
    ...opened,
    goes: (state: 'online' | 'offline') => {
      navigator.onLine = state === 'online';
      window.dispatchEvent(new Event(state));
    },
    show: (visibilityState: 'visible' | 'hidden') => {
      document.visibilityState = visibilityState;
      document.dispatchEvent(new Event('visibilitychange'));
    },
  };
}

test('in a page, the engine detects network changes by itself', async () => {
  const { engine, goes } = await openInPage();
  await engine.start();
  expect(engine.status().online).toBe(true);
  goes('offline');
  expect(engine.status().online).toBe(false);
  goes('online');
  expect(engine.status().online).toBe(true);
});

test('connectivity: false makes the engine detect the network by trying, also in a page', async () => {
  const { engine, goes } = await openInPage({ connectivity: false });
  await engine.start();
  goes('offline');
  expect(engine.status().online).toBe(true);
});

test('in a page, hiding it pushes waiting edits without configuration', async () => {
  const { engine, writer, server, until, show } = await openInPage();
  const triggers = createTriggers(engine, { pushOnOutboxChanges: true, pushDebounceMs: 60_000 });
  await triggers.start();
  await writer.insertAndEnqueue(todoOf('1'));
  show('hidden');
  await until(({ pending, phase }) => pending === 0 && phase === 'idle');
  expect(server.getAll('todos')).toHaveLength(1);
  triggers.dispose();
});
