import { expect, test } from 'vitest';
import { getShortestPaths } from 'xstate/graph';
import { syncMachine } from '../../src/index.ts';
import { PathLeftError, syncGraph, syncPaths, type SyncPath } from '../../src/testing.ts';
import { checkPath } from '../../examples/model-based.ts';

/** The shortest path to each place of the chart. */
const toEachPlace = (): readonly SyncPath[] => {
  const paths = new Map<string, SyncPath>();
  for (const path of syncPaths()) {
    const known = paths.get(path.place);
    if (known === undefined || path.steps.length < known.steps.length) paths.set(path.place, path);
  }
  return [...paths.values()];
};

test.each(toEachPlace().map((path) => [path.description, path] as const))(
  'I7, I12: an app’s engine follows %s; another engine drains the queue',
  async (_, path) => {
    await checkPath(path);
  },
);

test("xstate/graph visits every state only with the options of syncGraph, which supply the actors' answers", () => {
  const { input } = syncGraph();
  expect(() => getShortestPaths(syncMachine, { input })).toThrow(/Unable to evaluate guard/);
  expect(getShortestPaths(syncMachine, syncGraph()).length).toBe(syncPaths().length);
  expect(syncPaths().length).toBeGreaterThan(200);
});

test('reports the step, the expected and the actual state when an engine diverges', async () => {
  const path = syncPaths().find(({ place }) => place === 'running.pushing.sending');
  if (path === undefined) throw new Error('the chart sends');
  const steps = path.steps.map((step, index) => (index === 2 ? { ...step, key: 'elsewhere' } : step));
  const left = await checkPath({ ...path, steps }).then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(left).toBeInstanceOf(PathLeftError);
  expect(left).toMatchObject({ step: 2, expected: 'elsewhere', found: path.steps[2]?.key });
});
