import type Database from 'better-sqlite3';
import type { CityJson } from './city-rows.ts';
import { contend, type Task } from './contender.ts';
import { openFloorDatabase } from './floor-database.ts';
import { floorHttp, type FloorHttp } from './floor-http.ts';

interface Queued {
  readonly seq: number;
  readonly op_id: string;
  readonly id: string;
  readonly payload: string;
  readonly base: string;
}
interface Answered {
  readonly seq: number;
  readonly row: CityJson;
}

const takeSize = 500;
const batchSize = 100;

/** Sends what is queued and takes it off: no stored request, no key that survives a crash, no order per entity, no look at the status. */
export const runPushFloor = (client: 'axios' | 'undici'): Promise<void> =>
  contend({
    prepare: ({ url, database, inFlight }: Task) => ({ db: openFloorDatabase(database), http: floorHttp(client, url, Math.max(1, inFlight)) }),
    work: ({ db, http }, task) => push(db, http, task.inFlight),
    end: async ({ db, http }) => {
      await http.close();
      db.close();
    },
  });

async function push(db: Database.Database, http: FloorHttp, inFlight: number): Promise<number> {
  const take = db.prepare<[number], Queued>('SELECT seq, op_id, id, payload, base FROM outbox ORDER BY seq LIMIT ?');
  const remove = db.prepare('DELETE FROM outbox WHERE seq = ?');
  const store = db.prepare(
    'UPDATE cities SET name = ?, country = ?, feature_code = ?, admin_code = ?, population = ?, lat = ?, lon = ?, updated_at = ? WHERE id = ?',
  );
  const settle = db.transaction((answers: readonly Answered[]) => {
    for (const { seq, row } of answers) {
      store.run(row.name, row.country, row.featureCode, row.adminCode, row.population, row.lat, row.lon, row.updatedAt, row.id);
      remove.run(seq);
    }
  });
  let done = 0;
  for (;;) {
    const taken = take.all(inFlight === 0 ? batchSize : takeSize);
    if (taken.length === 0) return done;
    settle(inFlight === 0 ? await sendBatch(http, taken) : await sendEach(http, taken, inFlight));
    done += taken.length;
  }
}

async function sendEach(http: FloorHttp, taken: readonly Queued[], inFlight: number): Promise<Answered[]> {
  const answers: Answered[] = [];
  const waiting = taken[Symbol.iterator]();
  const lane = async (): Promise<void> => {
    for (const queued of waiting) {
      const body = { ...(JSON.parse(queued.payload) as object), _baseUpdatedAt: queued.base };
      answers.push({ seq: queued.seq, row: (await http.request('PUT', `/cities/${encodeURIComponent(queued.id)}`, body)) as CityJson });
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
  const { results } = (await http.request('POST', '/batch', { ops })) as { results: readonly { opId: string; data: CityJson }[] };
  const seqOf = new Map(taken.map((queued) => [queued.op_id, queued.seq]));
  return results.map((result) => ({ seq: seqOf.get(result.opId) ?? 0, row: result.data }));
}
