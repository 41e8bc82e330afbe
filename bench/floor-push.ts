import type { CityJson } from './city-rows.ts';
import { contend, type Task } from './contender.ts';
import { floorHttp, type FloorHttp } from './floor-http.ts';
import { openFloorQueue, type Answered, type FloorQueue, type Queued } from './floor-queue.ts';

const takeSize = 500;
const batchSize = 100;

/**
 * Sends what is queued and takes it off: no stored request, no key that survives a crash, no order per entity, no look
 * at the status.
 */
export const runPushFloor = (client: 'axios' | 'undici'): Promise<void> =>
  contend({
    prepare: async (task: Task) => ({
      queue: await openFloorQueue(task),
      http: floorHttp(client, task.url, Math.max(1, task.inFlight)),
    }),
    work: ({ queue, http }, task) => push(queue, http, task.inFlight),
    end: async ({ queue, http }) => {
      await http.close();
      await queue.close();
    },
  });

async function push(queue: FloorQueue, http: FloorHttp, inFlight: number): Promise<number> {
  let done = 0;
  for (;;) {
    const taken = await queue.take(inFlight === 0 ? batchSize : takeSize);
    if (taken.length === 0) return done;
    await queue.settle(inFlight === 0 ? await sendBatch(http, taken) : await sendEach(http, taken, inFlight));
    done += taken.length;
  }
}

async function sendEach(http: FloorHttp, taken: readonly Queued[], inFlight: number): Promise<Answered[]> {
  const answers: Answered[] = [];
  const waiting = taken[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const queued of waiting) {
      const body = { ...(JSON.parse(queued.payload) as object), _baseUpdatedAt: queued.base };
      answers.push({
        seq: queued.seq,
        row: (await http.request('PUT', `/cities/${encodeURIComponent(queued.id)}`, body)) as CityJson,
      });
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return answers;
}

async function sendBatch(http: FloorHttp, taken: readonly Queued[]): Promise<Answered[]> {
  const ops = taken.map((queued) => ({
    opId: queued.op_id,
    kind: 'cities',
    id: queued.id,
    type: 'upsert',
    payload: JSON.parse(queued.payload) as object,
    baseUpdatedAt: queued.base,
  }));
  const { results } = (await http.request('POST', '/batch', { ops })) as {
    results: readonly { opId: string; data: CityJson }[];
  };
  const seqOf = new Map(taken.map((queued) => [queued.op_id, queued.seq]));
  return results.map((result) => ({ seq: seqOf.get(result.opId) ?? 0, row: result.data }));
}
