import { renderToString, ssr, ssrHydrationKey } from 'solid-js/web';
import { render } from 'svelte/server';
import { expect, test } from 'vitest';
import Served from './served.svelte';
import { htmlOf, servedBySolid } from './served.ts';

test('Svelte renders the initial state on a server without an engine', () => {
  expect(render(Served, { props: { engine: null } }).body).toBe(htmlOf.svelte);
});

test('Solid renders the initial state on a server without an engine', () => {
  const html = renderToString(() =>
    servedBySolid(
      () => null,
      (text) => ssr(['<p', '>', '</p>'], ssrHydrationKey(), text()) as unknown as Node,
    ),
  );
  expect(html).toBe(htmlOf.solid);
});
