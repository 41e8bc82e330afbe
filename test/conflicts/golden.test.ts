import { afterEach, describe, expect, test } from 'vitest';
import type { JsonObject } from '../../src/model/values/json.ts';
import type { Op } from '../../src/model/operation.ts';
import { noon, openConflicts, taskOf, wireOf, type ConflictBench, type Task } from './bench.ts';
import { goldenCases, type GoldenCase } from './golden-cases.ts';

let bench: ConflictBench;
afterEach(() => bench.close());

const id = 't1';
const wireFields = wireOf(taskOf(id));

async function play({ strategy, table, config, begin, here, there, hereLaterMs = 0 }: GoldenCase): Promise<void> {
  bench = await openConflicts({
    conflict: { strategy, ...table },
    ...(config === undefined ? {} : { config }),
    transport: { capabilities: { idempotency: 'key', conditionalWrite: true } },
  });
  const localTimestamp = new Date(noon + hereLaterMs).toISOString();
  const serverTime = new Date(noon).toISOString();
  if (begin === null)
    await bench.writer.insertAndEnqueue(taskOf(id, here === 'deleted' ? {} : here), { localTimestamp });
  else {
    await bench.begin(id, begin);
    if (here === 'deleted') await bench.writer.enqueueDelete(id, { localTimestamp });
    else await bench.edit(id, here, { localTimestamp });
  }
  if (there === 'purged') bench.backend.remove('tasks', id);
  else if (there === 'deleted') bench.backend.update('tasks', id, { deletedAt: serverTime, updatedAt: serverTime });
  else if (begin === null)
    bench.backend.seed('tasks', { ...wireFields, ...(there as JsonObject), updatedAt: serverTime });
  else bench.backend.update('tasks', id, { ...(there as JsonObject), updatedAt: serverTime });
}

const kindOf = (op: Op): string =>
  op.force === true ? 'forced' : op.baseUpdatedAt === undefined ? 'unconditional' : 'conditional';

describe('the table of strategies and situations', () => {
  test.each(goldenCases.map((one) => [`${one.strategy}: ${one.name}`, one] as const))('%s', async (_, golden) => {
    await play(golden);
    const { result, resolution, sends, merged, lost, reason } = golden;
    const stats = await bench.sync();
    const [resolved] = bench.eventsOf('conflict.resolved');

    if (result === 'stays parked') {
      expect(stats).toMatchObject({ conflicts: 1, conflictsResolved: 0 });
      expect(bench.eventsOf('conflict.unresolved')[0]?.reason).toBe(reason);
      expect(bench.transport.sent).toHaveLength(1);
      expect(await bench.queued()).toHaveLength(1);
      expect(await bench.engine.conflicts()).toMatchObject([{ state: 'awaiting', reason, conflict: { entityId: id } }]);
      return;
    }

    expect(await bench.queued()).toEqual([]);
    expect(await bench.engine.conflicts()).toEqual([]);
    const [there, here] = [bench.backend.get('tasks', id), await bench.row(id)];
    if (result === 'gone') {
      expect(there).toBeUndefined();
      expect(here === null || here.deletedAt !== null || here.deletedAtLocal !== null).toBe(true);
    } else {
      expect(there).toMatchObject(result);
      expect(here).toMatchObject({ ...result, deletedAt: null, deletedAtLocal: null });
      for (const field of Object.keys(wireFields) as (keyof Task)[])
        expect(here?.[field] ?? null, field).toEqual(there?.[field] ?? null);
    }

    const requests = bench.transport.sent.slice(1);
    if (sends === 'nothing') expect(requests).toEqual([]);
    else if (sends !== undefined) expect(requests.map(kindOf)).toEqual([sends]);
    // A different body has a different key (F-32).
    expect(new Set(bench.transport.sent.map(({ requestId }) => requestId)).size).toBe(bench.transport.sent.length);
    if (sends !== 'forced') expect(bench.transport.forced).toEqual([]);

    if (resolution !== undefined) {
      expect(stats).toMatchObject({ conflicts: 1, conflictsResolved: 1, errors: 0 });
      expect(resolved?.resolution.type).toBe(resolution);
      expect(bench.types('conflict.').filter((type) => type !== 'conflict.merged')).toEqual([
        'conflict.detected',
        'conflict.resolved',
      ]);
    }
    const [told] = bench.eventsOf('conflict.merged');
    if (merged !== undefined)
      expect({ local: [...(told?.localFields ?? [])].sort(), server: [...(told?.serverFields ?? [])].sort() }).toEqual({
        local: [...merged.local].sort(),
        server: [...merged.server].sort(),
      });
    if (resolved?.resolution.type === 'acceptMerged' && golden.strategy !== 'manual')
      expect(bench.types('conflict.')).toEqual(['conflict.detected', 'conflict.merged', 'conflict.resolved']);
    else expect(told).toBeUndefined();
    if (lost === 'all')
      expect(resolved?.givenUp).toMatchObject([
        {
          entityId: id,
          operationType: golden.here === 'deleted' ? 'delete' : 'upsert',
          data: golden.here === 'deleted' ? {} : golden.here,
        },
      ]);
    else if (golden.here !== 'deleted')
      expect([...(resolved?.givenUp?.[0]?.changedFields ?? [])].sort()).toEqual([...(lost ?? [])].sort());
  });
});
