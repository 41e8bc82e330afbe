import { flushSync, mount, unmount } from 'svelte';
import { expect, onTestFinished, test } from 'vitest';
import { openPageBench } from '../queries/page-bench.ts';
import { todoOf } from '../support/todo.ts';
import UnreadGuard from './unread-guard.svelte';

test('a guard works without readers of its count until its component is destroyed', async () => {
  const bench = await openPageBench();
  onTestFinished(bench.close);
  const leaves = (): boolean => globalThis.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  await bench.writer.insertAndEnqueue(todoOf('a'));
  const component = mount(UnreadGuard, { target: document.createElement('div'), props: { engine: bench.engine } });
  flushSync();
  expect(leaves()).toBe(false);
  await unmount(component);
  expect(leaves()).toBe(true);
});
