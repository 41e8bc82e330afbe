import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import { openConflicts, taskOf, wireOf, type ConflictBench, type Task } from './bench.ts';

const fields = ['title', 'stock', 'dueDate', 'done'] as const;
type Field = (typeof fields)[number];
type Change = Partial<Record<Field, number>>;

/**
 * The history of one row, in order: we edit it offline; somebody else writes before our sync and again just before each
 * of our requests.
 */
interface Schedule {
  readonly ours: readonly Change[];
  readonly before: readonly Change[];
  readonly onRequest: readonly Change[];
  /** The other writer's last action is to delete the row. */
  readonly deletes: boolean;
}

const change = fc.dictionary(fc.constantFrom(...fields), fc.nat(1_000), {
  minKeys: 1,
  maxKeys: 3,
}) as fc.Arbitrary<Change>;
const schedule: fc.Arbitrary<Schedule> = fc.record({
  ours: fc.array(change, { minLength: 1, maxLength: 3 }),
  before: fc.array(change, { maxLength: 2 }),
  onRequest: fc.array(change, { maxLength: 3 }),
  deletes: fc.constant(false),
});
const deleting = fc.record({
  ours: fc.array(change, { minLength: 1, maxLength: 3 }),
  before: fc.array(change, { maxLength: 2 }),
  onRequest: fc.array(change, { maxLength: 1 }),
  deletes: fc.constant(true),
});

const valueOf = (field: Field, seed: number, who: string): string | number | boolean =>
  field === 'stock' ? seed : field === 'done' ? seed % 2 === 0 : `${who} ${seed}`;
const valuesOf = (change: Change, who: string): JsonObject =>
  Object.fromEntries(Object.entries(change).map(([field, seed]) => [field, valueOf(field as Field, seed, who)]));

let bench: ConflictBench;
let count = 0;
beforeAll(async () => {
  bench = await openConflicts({ config: { maxConflictRetries: 4 } });
});
afterAll(() => bench.close());

/** Plays many schedules at once, each on its own row; returns the rows' ids and how many requests each met. */
async function play(
  schedules: readonly Schedule[],
): Promise<readonly { readonly id: string; readonly requests: number }[]> {
  const ids = schedules.map(() => `row${(count += 1)}`);
  for (const id of ids) bench.backend.seed('tasks', wireOf(taskOf(id)));
  await bench.sync();
  for (const [index, { ours }] of schedules.entries())
    for (const change of ours) await bench.edit(ids[index] ?? '', valuesOf(change, 'ours') as Partial<Task>);
  for (const [index, { before }] of schedules.entries())
    for (const change of before) bench.backend.update('tasks', ids[index] ?? '', valuesOf(change, 'theirs'));
  const requests = new Map<string, number>();
  const stop = bench.backend.addRule(({ id }) => {
    const index = ids.indexOf(id);
    const { onRequest = [], deletes = false } = schedules[index] ?? {};
    const nth = requests.get(id) ?? 0;
    requests.set(id, nth + 1);
    const next = onRequest[nth];
    if (next !== undefined) bench.backend.update('tasks', id, valuesOf(next, 'theirs'));
    else if (deletes && nth === onRequest.length) bench.backend.softDelete('tasks', id);
    return undefined;
  });
  await bench.sync();
  stop();
  return ids.map((id) => ({ id, requests: requests.get(id) ?? 0 }));
}

async function check(schedules: readonly Schedule[]): Promise<void> {
  const played = await play(schedules);
  for (const [index, { ours, before, onRequest, deletes }] of schedules.entries()) {
    const { id, requests } = played[index] ?? { id: '', requests: 0 };
    const base: JsonObject = { title: 'title', stock: 5, dueDate: '2026-05-01', done: false };
    // A merge that equals the server's row sends no request, so the delete never happened.
    const isDeleted = deletes && requests > onRequest.length;
    const theirs = isDeleted
      ? {}
      : (Object.assign(
          {},
          ...[...before, ...onRequest.slice(0, requests)].map((one) => valuesOf(one, 'theirs')),
        ) as JsonObject);
    // Writing the existing value is not an edit.
    const touched = new Set<string>();
    let now = base;
    for (const one of ours) {
      const values = valuesOf(one, 'ours');
      for (const [field, value] of Object.entries(values)) if (value !== now[field]) touched.add(field);
      now = { ...now, ...values };
    }
    if (touched.size === 0) continue;
    const mine = Object.fromEntries(Object.entries(now).filter(([field]) => touched.has(field)));
    const there = bench.backend.get('tasks', id);
    expect(there, `${id}: ${JSON.stringify(schedules[index])}`).toMatchObject({ ...base, ...theirs, ...mine });
    const here = await bench.row(id);
    for (const field of fields)
      expect(here?.[field], `${id}.${field} differs from the server (I5)`).toEqual(there?.[field]);
  }
  expect(await bench.queued()).toEqual([]);
  expect(await bench.engine.conflicts()).toEqual([]);
  expect(bench.transport.forced).toEqual([]);
}

test("F-31: loses neither our edit nor a third writer's between conflict and re-push, in 1,000 schedules", async () => {
  await fc.assert(fc.asyncProperty(fc.array(schedule, { minLength: 50, maxLength: 50 }), check), {
    numRuns: 20,
    endOnFailure: true,
  });
}, 60_000);

test('F-22, F-31: a delete by somebody else just before our request does not drop our edit', async () => {
  await fc.assert(fc.asyncProperty(fc.array(deleting, { minLength: 20, maxLength: 20 }), check), {
    numRuns: 5,
    endOnFailure: true,
  });
}, 60_000);
