import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { answerOf } from '../../examples/adapters/answer-of.ts';
import { SyncError, ValidationError } from '../../src/model/errors/errors.ts';
import type { TransportAdapter } from '../../src/model/transport.ts';
import { createSimulatedClock, MemoryBackend, seededRandom } from '../../src/testing.ts';
import { createTransport, type RemoteAnswer } from '../../src/transport.ts';
import { openEngine } from '../support/open-engine.ts';
import { todoOf } from '../support/todo.ts';
import { distortAnswer } from './distort-answer.ts';

/** `FUZZ_SEED=<number>` replays, `FUZZ_ANSWERS=<number>` goes on for longer. */
const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_120);
const wanted = Number(process.env['FUZZ_ANSWERS'] ?? 4_000);
const syncsPerDatabase = 60;
const ids = ['a', 'b', 'c', 'ä/ö', "o'hara", '日本'];
/**
 * Six rows, three tries each, some conflict rounds, fetches and pages: far above what a run needs, far below a spin.
 */
const mostRequestsPerSync = 150;

test('I8, I13: the engine ends every run on arbitrary answers, keeps tables, timers and listeners, and recovers', {
  timeout: 240_000,
}, async () => {
  const random = seededRandom(seed);
  let distorted = 0;
  for (let database = 0; distorted < wanted; database += 1) {
    const clock = createSimulatedClock();
    const backend = new MemoryBackend({ now: clock.now, hasMore: database % 2 === 0, pageCap: 3 });
    let hostile = true;
    let requests = 0;
    const history: string[] = [];
    const signals = new Set<AbortSignal>();
    const transport = createTransport({
      clock,
      pushConcurrency: 1 + (database % 3),
      send: async (request, signal) => {
        signals.add(signal);
        requests += 1;
        const answer = answerOf(backend, request);
        if (!hostile || random() < 0.25) return answer;
        const changed = distortAnswer(answer, random);
        distorted += 1;
        history.push(`${request.action} ${request.kind}/${request.id}: ${changed.how}`);
        if (changed.type === 'thrown') throw changed.error;
        if (changed.type === 'answer') return changed.answer;
        // Time goes on until the transport gives up.
        setImmediate(() => void clock.advance(31_000));
        return new Promise<RemoteAnswer>(() => undefined);
      },
    });
    const bench = await openEngine({
      transport: observed(transport, signals),
      clock,
      config: { maxRetries: 2, maxEmptyPages: 4, pageSize: 3, conflictRetryDelayMs: 0 },
    });
    bench.skipWaits();
    bench.engine.actor.subscribe((snapshot) => {
      if (snapshot.matches({ activity: { running: { resolvingConflict: 'spacing' } } }))
        setImmediate(() => void clock.advance(0));
    });
    const where = (): string =>
      `FUZZ_SEED=${seed}, database ${database}, ${JSON.stringify(bench.engine.actor.getSnapshot().value)}, ${requests} requests, ${clock.pending} timers (next in ${(clock.nextDue ?? 0) - clock.now()} ms), last answers:\n${history.slice(-8).join('\n')}\n${bench.types().slice(-8).join()}`;
    await bench.dataSource.query('CREATE TABLE "canary" ("id" text)');
    const tables = await tablesOf(bench.dataSource);
    await bench.engine.start();

    for (let round = 0; round < syncsPerDatabase && distorted < wanted; round += 1) {
      await edit(bench, random);
      for (const id of ids) if (random() < 0.15) changeOnServer(backend, id, round);
      requests = 0;
      // What a 401 stopped goes on with the next sign-in.
      void bench.engine.signedIn();
      const failure = await ended(random() < 0.1 ? bench.engine.fullResync() : bench.engine.sync(), where);
      expect(failure === undefined || failure instanceof SyncError, `${String(failure)}\n${where()}`).toBe(true);
      expect(requests, where()).toBeLessThan(mostRequestsPerSync);
      expect(bench.engine.actor.getSnapshot().status, where()).toBe('active');
      expect(['stopped', 'failed'], where()).not.toContain(bench.engine.status().phase);
    }

    // The server comes to its senses.
    hostile = false;
    void bench.engine.signedIn();
    for (let round = 0; round < 4; round += 1) await ended(bench.engine.fullResync(), where);
    for (const pending of await bench.engine.explain()) expect(pending.detail, where()).toBeTruthy();
    expect(await tablesOf(bench.dataSource), where()).toBe(tables);
    expect(await bench.dataSource.query('SELECT COUNT(*) AS "n" FROM "canary"')).toEqual([{ n: 0 }]);
    expect(await bench.dataSource.query('PRAGMA integrity_check')).toEqual([{ integrity_check: 'ok' }]);
    expect(Object.hasOwn(Object.prototype, 'polluted') || 'polluted' in {}).toBe(false);
    await bench.close();
    await turn();
    expect(clock.pending, where()).toBe(0);
    // A signal lives as long as its run; what waits on it shares a few listeners, however many requests there were.
    expect(
      Math.max(...[...signals].map((signal) => getEventListeners(signal, 'abort').length)),
      where(),
    ).toBeLessThanOrEqual(3);
  }
  expect(distorted).toBeGreaterThanOrEqual(wanted);
});

type Bench = Awaited<ReturnType<typeof openEngine>>;

async function edit({ writer, row }: Bench, random: () => number): Promise<void> {
  for (const id of ids) {
    if (random() > 0.4) continue;
    const stored = await row(id);
    if (stored === null || stored.deletedAtLocal !== null || stored.deletedAt !== null)
      await writer.insertAndEnqueue(todoOf(id, { title: String(random()) })).catch(refused);
    else if (random() < 0.2) await writer.enqueueDelete(id);
    // A hostile value that came with a pull may be refused when it would go back: by name, and nothing is queued.
    else
      await writer
        .replaceAndEnqueue({ ...stored, title: String(random()) }, { changedFields: ['title'] })
        .catch(refused);
  }
}

function refused(error: unknown): void {
  if (!(error instanceof ValidationError)) throw error;
}

function changeOnServer(backend: MemoryBackend, id: string, round: number): void {
  if (backend.get('todos', id) === undefined)
    backend.seed('todos', { id, title: `server ${round}`, done: false, priority: null, tags: null });
  else if (round % 7 === 0) backend.softDelete('todos', id);
  else backend.update('todos', id, { title: `server ${round}` });
}

const tablesOf = async (dataSource: Bench['dataSource']): Promise<string> =>
  JSON.stringify(await dataSource.query('SELECT "type", "name", "sql" FROM "sqlite_master" ORDER BY "name"'));

/** The error a run ended with. In real time, because a hang does not move the clock of the engine. */
async function ended(run: Promise<unknown>, where: () => string): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the run does not end\n${where()}`)), 12_000);
  });
  try {
    return await Promise.race([
      run.then(
        () => undefined,
        (error: unknown) => error ?? new Error('rejected with nothing'),
      ),
      late,
    ]);
  } finally {
    clearTimeout(timer);
  }
}

/** Notes the signals that the engine hands out. */
function observed(transport: TransportAdapter, signals: Set<AbortSignal>): TransportAdapter {
  const note = <T extends { readonly signal?: AbortSignal | undefined }>(given: T): T => {
    if (given.signal !== undefined) signals.add(given.signal);
    return given;
  };
  return {
    capabilities: transport.capabilities,
    pull: (request) => transport.pull(note(request)),
    push: (ops, context) => transport.push(ops, note(context)),
    forcePush: (op, context) => transport.forcePush(op, note(context)),
    fetch: (request) => transport.fetch(note(request)),
    health: (context) => transport.health(note(context)),
  };
}
