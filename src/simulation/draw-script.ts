import { conflictStrategies } from '../model/conflict.ts';
import { pagingStyles } from '../server/paging.ts';
import { seededRandom } from '../testing/seeded-random.ts';
import type {
  SimulatedAct,
  SimulatedBoundary,
  SimulatedClientKind,
  SimulatedFault,
  SimulatedServerAct,
  SimulatedServerKind,
  SimulatedStep,
  SimulatedWorld,
  SimulatedWrite,
  SimulationScript,
} from './simulation-script.ts';

/** Draws values from one seeded source. */
export class Draw {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  /** An integer from `least` to `most`. */
  whole(least: number, most: number): number {
    return least + Math.floor(this.#random() * (most - least + 1));
  }

  of<T>(values: readonly [T, ...T[]] | readonly T[]): T {
    const value = values[Math.floor(this.#random() * values.length)];
    if (value === undefined) throw new RangeError('Draw.of: nothing to draw from');
    return value;
  }

  /** Draws by weight. */
  weighed<T>(choices: readonly (readonly [weight: number, make: () => T])[]): T {
    let left = this.#random() * choices.reduce((sum, [weight]) => sum + weight, 0);
    for (const [weight, make] of choices) {
      left -= weight;
      if (left < 0) return make();
    }
    throw new RangeError('Draw.weighed: nothing to draw from');
  }
}

/** Creates the script of a seed: a world, what people do in it, and the faults. */
export function drawScript(seed: number): SimulationScript {
  const draw = new Draw(seed);
  const world = drawWorld(seed, draw);
  const replicas = draw.weighed([
    [2, () => 1],
    [5, () => 2],
    [2, () => 3],
  ]);
  const calm = draw.chance(0.1);
  const steps: SimulatedStep[] = [];
  const count = draw.whole(6, 20);
  for (let index = 0; index < count; index += 1) {
    const afterMs = draw.weighed<number>([
      [4, () => 0],
      [5, () => draw.whole(1, 60)],
      [4, () => draw.whole(60, 1_500)],
      [1, () => draw.whole(1_500, 20_000)],
    ]);
    if (draw.chance(0.18)) {
      steps.push({ afterMs, serverAct: drawServerAct(draw, world) });
      continue;
    }
    const on = draw.whole(0, replicas - 1);
    const act = drawAct(draw, world, calm);
    const boundary = drawBoundary(draw, act);
    steps.push({
      afterMs,
      on,
      act,
      ...(world.twoEngines && on === 0 && draw.chance(0.5) ? { engine: 1 as const } : {}),
      ...(boundary ? { boundary } : {}),
    });
  }
  const faults = calm ? 0 : draw.whole(0, 7);
  for (let index = 0; index < faults; index += 1) {
    const of = draw.chance(0.75) ? 'writes' : 'reads';
    steps.push({
      afterMs: 0,
      on: draw.whole(0, replicas - 1),
      request: draw.whole(0, of === 'writes' ? 5 : 8),
      of,
      fault: drawFault(draw, world),
    });
  }
  // Drawn last, so that the other draws of a seed do not depend on it.
  const drawn = { ...world, client: { ...world.client, capturesWrites: draw.chance(0.3) } };
  return { world: drawn, steps: withLateLists(draw, steps) };
}

/** Adds a period in which lists lag, or the moment at which the server's clock goes back. */
function withLateLists(draw: Draw, steps: readonly SimulatedStep[]): readonly SimulatedStep[] {
  const inserted = (
    list: readonly SimulatedStep[],
    at: number,
    serverAct: SimulatedServerAct,
  ): readonly SimulatedStep[] => [...list.slice(0, at), { afterMs: 0, serverAct }, ...list.slice(at)];
  if (draw.chance(0.3)) {
    const from = draw.whole(0, steps.length);
    return inserted(inserted(steps, draw.whole(from, steps.length), { type: 'releaseLists' }), from, {
      type: 'holdLists',
    });
  }
  return draw.chance(0.1)
    ? inserted(steps, draw.whole(0, steps.length), { type: 'serverClockBack', ms: draw.of([500, 5_000, 3_600_000]) })
    : steps;
}

function drawWorld(seed: number, draw: Draw): SimulatedWorld {
  const server: SimulatedServerKind = {
    paging: draw.of(pagingStyles),
    hasMore: draw.chance(0.3),
    ...(draw.chance(0.4) ? { pageCap: draw.whole(1, 4) } : {}),
    // An announced limit in rows is respected; a limit in bytes cannot be announced.
    ...(draw.chance(0.2)
      ? { pageCapBytes: draw.of([150, 400, 900]), announcePageCap: false }
      : { announcePageCap: draw.chance(0.5) }),
    idOrder: draw.of(['text', 'integer', 'reverse', 'insertion'] as const),
    deletes: draw.chance(0.8) ? 'soft' : 'hard',
    putAnswer: draw.weighed([
      [6, () => 'row' as const],
      [1, () => 'empty' as const],
      [1, () => 'withoutVersion' as const],
    ]),
    bareConflicts: draw.chance(0.15),
  };
  const forgetful = draw.chance(0.12);
  const batch = draw.chance(0.4);
  const client: SimulatedClientKind = {
    strategy: draw.of(conflictStrategies),
    resolver: draw.of(['none', 'prompt', 'late', 'throwing', 'deferring'] as const),
    ...(draw.chance(0.3) ? { deleteConflict: draw.of(['keep', 'delete'] as const) } : {}),
    tombstones: draw.of(['keep', 'remove'] as const),
    batch,
    batchSize: draw.of([1, 2, 100]),
    pushConcurrency: draw.of([1, 1, 3]),
    conditionalWrite: !batch && draw.chance(0.3),
    deltas: draw.chance(0.4),
    sendChangedFields: draw.chance(0.2),
    coalesce: draw.chance(0.85),
    mergedPush: draw.chance(0.9) ? 'conditional' : 'force',
    skipConflictingOps: draw.chance(0.08),
    pageSize: draw.of([1, 2, 5, 500]),
    pushBatchSize: draw.of([1, 3, 500]),
    maxRetries: draw.of([0, 1, 5]),
    maxOutboxTryCount: draw.of([1, 2, 5]),
    pullConcurrency: draw.of([1, 1, 2]),
    pullOverlapMs: draw.of([0, 0, 0, 2_000]),
    idempotencyWindowMs: forgetful ? 0 : 43_200_000,
    fullResyncIntervalMs: draw.weighed<number>([
      [3, () => 604_800_000],
      [1, () => 10_000],
    ]),
    automatic: draw.chance(0.4),
  };
  return {
    seed,
    server,
    client,
    seededRows: draw.weighed([
      [1, () => 0],
      [4, () => draw.whole(1, 5)],
      [1, () => draw.whole(6, 12)],
    ]),
    latencyMs: draw.of([5, 40, 40, 400]),
    warm: draw.chance(0.7),
    twoEngines: draw.chance(0.2),
  };
}

/** Mostly the same few rows, so that changes collide. */
const drawId = (draw: Draw): string =>
  draw.weighed([
    [8, () => '1'],
    [3, () => '2'],
    [1, () => String(draw.whole(3, 12))],
  ]);
const drawKind = (draw: Draw): 'tasks' | 'lists' => (draw.chance(0.9) ? 'tasks' : 'lists');

function drawWrite(draw: Draw): SimulatedWrite {
  return draw.weighed<SimulatedWrite>([
    [6, () => ({ type: 'edit', field: draw.of(['title', 'note', 'done'] as const), stale: draw.chance(0.2) })],
    [2, () => ({ type: 'replace' })],
    [3, () => ({ type: 'delete' })],
    [1, () => ({ type: 'restore' })],
    [3, () => ({ type: 'increment', by: draw.of([-2, -1, 1, 3]) })],
    [2, () => ({ type: 'tag', tag: draw.of(['a', 'b', 'c']), add: draw.chance(0.6) })],
  ]);
}

function drawAct(draw: Draw, { client }: SimulatedWorld, calm: boolean): SimulatedAct {
  const faulty = calm ? 0 : 1;
  return draw.weighed<SimulatedAct>([
    [26, () => ({ type: 'write', kind: drawKind(draw), id: drawId(draw), write: drawWrite(draw) })],
    [client.automatic ? 4 : 11, () => drawSync(draw)],
    [1, () => ({ type: 'fullResync' })],
    [1, () => ({ type: 'pause' })],
    [1, () => ({ type: 'resume' })],
    [faulty * 1, () => ({ type: 'offline', portKnows: draw.chance(0.6) })],
    [faulty * 1, () => ({ type: 'online' })],
    [faulty * 1, () => ({ type: 'expireToken', canRefresh: draw.chance(0.7) })],
    [faulty * 0.7, () => ({ type: 'signIn' })],
    [faulty * 4, () => ({ type: 'crash', downMs: draw.of([0, 50, 3_000]) })],
    [1, () => ({ type: 'reopen' })],
    [faulty * 1, () => ({ type: 'clockStep', ms: draw.of([-86_400_000, -30_000, -2_000, 2_000, 40_000, 86_400_000]) })],
    [faulty * 1, () => ({ type: 'freeze', ms: draw.of([500, 2_500, 12_000]) })],
    [
      client.strategy === 'manual' ? 3 : 0.3,
      () => ({ type: 'decide', how: draw.of(['acceptServer', 'acceptClient', 'merge', 'discard', 'defer'] as const) }),
    ],
    [0.6, () => ({ type: 'retryStuck' })],
    [0.4, () => ({ type: 'dropStuck' })],
    [0.4, () => ({ type: 'amend' })],
    [0.5, () => ({ type: 'undoDiscard' })],
  ]);
}

const drawSync = (draw: Draw): SimulatedAct => ({
  type: 'sync',
  ...(draw.chance(0.25) ? { only: draw.of(['push', 'pull'] as const) } : {}),
  ...(draw.chance(0.08) ? { giveUpAfterMs: draw.of([0, 30, 500]) } : {}),
});

function drawBoundary(draw: Draw, act: SimulatedAct): SimulatedBoundary | undefined {
  const often =
    act.type === 'crash' ? 0.9 : act.type === 'sync' || act.type === 'fullResync' || act.type === 'reopen' ? 0.1 : 0.45;
  if (!draw.chance(often)) return undefined;
  return draw.weighed<SimulatedBoundary>([
    [4, () => ({ at: 'statement', count: draw.whole(1, 60) })],
    [2, () => ({ at: 'beforeCommit', count: draw.whole(1, 8) })],
    [2, () => ({ at: 'afterCommit', count: draw.whole(1, 8) })],
    [2, () => ({ at: 'request', count: draw.whole(1, 5) })],
    [2, () => ({ at: 'answer', count: draw.whole(1, 5) })],
  ]);
}

function drawServerAct(draw: Draw, { client }: SimulatedWorld): SimulatedServerAct {
  const row = { kind: drawKind(draw), id: drawId(draw) };
  return draw.weighed<SimulatedServerAct>([
    [7, () => ({ type: 'serverEdit', ...row, field: draw.of(['title', 'note', 'points'] as const) })],
    [2, () => ({ type: 'serverInsert', ...row })],
    [3, () => ({ type: 'serverDelete', ...row })],
    [1, () => ({ type: 'refuse', ...row })],
    [0.5, () => ({ type: 'refuse', ...row, status: draw.of([404, 409]) })],
    [0.7, () => ({ type: 'allow' })],
    [client.idempotencyWindowMs === 0 ? 2 : 0, () => ({ type: 'forgetKeys' })],
  ]);
}

function drawFault(draw: Draw, { client }: SimulatedWorld): SimulatedFault {
  return draw.weighed<SimulatedFault>([
    [1, () => ({ type: 'refused' })],
    [2, () => ({ type: 'requestLost', hangs: draw.chance(0.4) })],
    [4, () => ({ type: 'answerLost', hangs: draw.chance(0.4) })],
    [2, () => ({ type: 'answerCut' })],
    [client.batch ? 3 : 0, () => ({ type: 'batchCut', after: draw.whole(0, 3) })],
    [
      4,
      () => {
        const status = draw.of([500, 502, 503, 503, 429, 429, 401, 403, 408, 425, 400, 413]);
        const asksToWait = (status === 503 || status === 429) && draw.chance(0.7);
        return {
          type: 'status',
          status,
          ...(asksToWait ? { retryAfterS: draw.of([0, 1, 20]) } : {}),
          afterCommit: status >= 500 && draw.chance(0.4),
        };
      },
    ],
    [2, () => ({ type: 'delayed', ms: draw.of([100, 2_000, 8_000, 20_000]) })],
    // If the server may have forgotten the key, a second arrival would look like a new request.
    [client.idempotencyWindowMs === 0 ? 0 : 2, () => ({ type: 'duplicated', ms: draw.of([0, 20, 1_000]) })],
    [0.5, () => ({ type: 'portal' })],
    [1, () => ({ type: 'gateway' })],
  ]);
}
