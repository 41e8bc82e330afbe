import { expect, test } from 'vitest';
import { places } from '../machines/chart-script.ts';
import { syncPaths } from '../../src/simulation/paths/sync-paths.ts';
import { createStart, walk } from './chart-world.ts';

test('I7, I12: real causes take the engine along every shortest path of the chart; killed at its end, another one continues and drains', {
  timeout: 180_000,
}, async () => {
  const paths = syncPaths();
  const start = await createStart();
  const wrong: string[] = [];
  for (const path of paths) {
    const { left, broken } = await walk(path, start);
    if (left !== undefined) wrong.push(left.message);
    wrong.push(...broken.map((what) => `killed at the end of ${path.description}: ${what}`));
  }
  expect(wrong).toEqual([]);
  expect(paths.length).toBeGreaterThan(200);
  expect([...new Set(paths.map(({ place }) => place))].toSorted()).toEqual(Object.keys(places).toSorted());
});
