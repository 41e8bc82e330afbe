import { expect, test } from 'vitest';
import { places } from '../machines/chart-script.ts';
import { chartPaths } from './chart-paths.ts';
import { createStart, walk } from './chart-world.ts';

test('I7, I12: the engine goes every shortest path of the chart by real causes; killed where it ends, another one goes on and drains', {
  timeout: 180_000,
}, async () => {
  const paths = chartPaths();
  const start = await createStart();
  const wrong: string[] = [];
  for (const path of paths) {
    const { leftAt, broken } = await walk(path, start);
    const way = path.steps.map(({ cause }) =>
      cause.type === 'actor'
        ? `${cause.actor}: ${cause.failure ?? cause.answer}`
        : cause.type === 'delay'
          ? cause.delay
          : cause.event.type,
    );
    if (leftAt !== undefined)
      wrong.push(`${way.join(' → ')}: after ${leftAt.step} steps ${leftAt.found} instead of ${leftAt.expected}`);
    wrong.push(...broken.map((what) => `killed in ${path.key} (${way.join(' → ')}): ${what}`));
  }
  expect(wrong).toEqual([]);
  expect(paths.length).toBeGreaterThan(200);
  expect([...new Set(paths.map(({ place }) => place))].toSorted()).toEqual(Object.keys(places).toSorted());
});
