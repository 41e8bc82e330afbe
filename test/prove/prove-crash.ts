import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createTestServer, type TestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { createTodoDatabase, openTodoDatabase, todos, type TestDriver } from '../support/open-store.ts';
import { startChild } from './child-process.ts';

export interface CrashOptions {
  readonly driver: TestDriver;
  /** A file, or the URL of a database on PostgreSQL. */
  readonly database: string;
  readonly url: string;
  /** The step it kills itself at, from 1; 0: it lives. */
  readonly killAt: number;
}

export interface CrashReport {
  readonly driver: TestDriver;
  readonly points: number;
  /** Steps of a life that nobody ends. */
  readonly steps: number;
  /** What the device was doing when it died, and how often. */
  readonly at: Readonly<Record<string, number>>;
  /** What did not hold, each with what repeats it. */
  readonly broken: readonly string[];
}

interface Proof {
  readonly driver: TestDriver;
  readonly points: number;
  /** The same seed gives the same points. */
  readonly seed: number;
  /** Called after each point, with what did not hold there. */
  readonly onPoint?: (done: number, where: string, broken: readonly string[]) => void;
}

const seeds = 12;

/**
 * Kills a device with SIGKILL at random points, two of three at exact steps (before or after a statement, a commit or a
 * request), the others from outside at any moment, and looks at what is left: first at the file, then at what a new
 * engine makes of it.
 */
export async function proveCrash({ driver, points, seed, onPoint }: Proof): Promise<CrashReport> {
  const random = seededRandom(seed);
  const at: Record<string, number> = {};
  const broken: string[] = [];
  const whole = await die(driver, { killAt: 0 });
  if (whole.broken.length > 0) throw new Error(`without a kill: ${whole.broken.join('; ')}`);
  const steps = stepsOf(whole.lines);
  for (let point = 0; point < points; point++) {
    const share = random();
    const given = point % 3 === 2 ? { afterMs: share * whole.livedMs } : { killAt: 1 + Math.floor(share * steps) };
    const life = await die(driver, given);
    at[life.where] = (at[life.where] ?? 0) + 1;
    const found = life.broken.map(
      (what) =>
        `seed ${seed}, ${driver}, point ${point}, ${JSON.stringify(given)} of ${steps} steps, while ${life.where}: ${what}`,
    );
    broken.push(...found);
    onPoint?.(point + 1, life.where, found);
  }
  return { driver, points, steps, at, broken };
}

/** How many steps a device had that lived to its end. */
const stepsOf = (lines: readonly string[]): number =>
  Number(lines.find((line) => line.startsWith('steps '))?.split(' ')[1]);

interface Life {
  readonly lines: readonly string[];
  readonly where: string;
  /** From its first write to its end. */
  readonly livedMs: number;
  readonly broken: readonly string[];
}

async function die(
  driver: TestDriver,
  { killAt = 0, afterMs }: { readonly killAt?: number; readonly afterMs?: number },
): Promise<Life> {
  const folder = await mkdtemp(join(tmpdir(), 'synchart-crash-'));
  // Nobody's delete leaves a tombstone here, so that resyncs have something to sweep.
  await using server = await createTestServer({ naming: 'camelCase', deletes: 'hard' });
  server.backend.seed(
    'todos',
    Array.from({ length: seeds }, (_, index) => ({
      id: `seeded-${index}`,
      title: `seeded ${index}`,
      done: false,
      priority: null,
      tags: null,
    })),
  );
  const { database, remove } = await createTodoDatabase(driver, folder);
  try {
    const options: CrashOptions = { driver, database, url: server.url, killAt };
    let readyAt = performance.now();
    const child = await startChild('crash-process.ts', options, {
      onLine: (line) => {
        if (line !== 'ready') return;
        readyAt = performance.now();
        if (afterMs !== undefined) setTimeout(() => child.process.kill('SIGKILL'), afterMs);
      },
    });
    const { signal, code, stderr } = await child.ended;
    const livedMs = performance.now() - readyAt;
    const said = child.lines.find((line) => line.startsWith('killed '))?.slice('killed '.length);
    const where = afterMs === undefined ? (said ?? 'nowhere') : 'any moment';
    const broken: string[] = [];
    if (signal !== 'SIGKILL' && code !== 0) broken.push(`it ended with ${String(code)}: ${stderr}`);
    // Lives differ by some steps; the last ones may not come.
    if (signal !== 'SIGKILL' && killAt > 0 && killAt <= stepsOf(child.lines)) broken.push(`it did not die: ${stderr}`);
    broken.push(...(await findBroken(options, server, child.lines)));
    return { lines: child.lines, where, livedMs, broken };
  } finally {
    await remove();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Row {
  readonly id: string;
  readonly title: string;
  readonly done: number | boolean;
  readonly priority: number | null;
}
const shown = ({ id, title, done, priority }: Row): string =>
  JSON.stringify([id, title, Boolean(done), priority ?? null]);
const shownRows = (dataSource: DataSource): Promise<Row[]> =>
  dataSource.query('SELECT id, title, done, priority FROM todos WHERE deleted_at IS NULL AND deleted_at_local IS NULL');

/** What the user was promised, from the lines of a device: what was done to each row. */
function promisesOf(lines: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const promised = new Map<string, string[]>();
  for (const line of lines) {
    const [verb, id = '', what = ''] = line.split(' ');
    if (verb === 'wrote') promised.set(id, [...(promised.get(id) ?? []), what]);
  }
  return promised;
}

/** Checks one table of rows against the promises. */
function brokenPromises(
  where: string,
  promised: ReadonlyMap<string, readonly string[]>,
  rows: ReadonlyMap<string, Row>,
): string[] {
  return [...promised].flatMap(([id, done]) => {
    const row = rows.get(id);
    // The last thing said of a row may have been followed by a delete that was not said any more.
    if (done.includes('deleted')) return row === undefined ? [] : [`${id} was deleted and is ${where} (I4)`];
    if (row === undefined) return id.endsWith('-1') ? [] : [`${id} was written and is not ${where} (I1)`];
    return [
      ...(done.includes('edited') && row.title !== 'edited'
        ? [`the title of ${id} was edited and is ${row.title} ${where} (I1)`]
        : []),
      ...(done.includes('prioritised') && row.priority !== 5
        ? [`the priority of ${id} was set and is ${String(row.priority)} ${where} (I1)`]
        : []),
    ];
  });
}

/**
 * Opens what a dead device left and says what does not hold: of the file as it is, then after a new engine has synced
 * to the end.
 */
async function findBroken(
  { driver, database }: CrashOptions,
  server: TestServer,
  lines: readonly string[],
): Promise<string[]> {
  const broken: string[] = [];
  const promised = promisesOf(lines);
  const byId = (rows: readonly Row[]): ReadonlyMap<string, Row> => new Map(rows.map((row) => [row.id, row]));
  const dataSource = await openTodoDatabase(driver, database);
  const engine = createSyncEngine({
    dataSource,
    tables: [todos],
    transport: new RestTransport({ baseUrl: server.url }),
    config: { fullResyncIntervalMs: Infinity },
  });
  try {
    if (driver !== 'postgres') {
      const integrity = JSON.stringify(await dataSource.query('PRAGMA integrity_check'));
      if (integrity !== '[{"integrity_check":"ok"}]') broken.push(`the file is damaged: ${integrity}`);
    }
    broken.push(...brokenPromises('in the file', promised, byId(await shownRows(dataSource))));

    await engine.start();
    await engine.sync();
    if (await engine.outbox.hasOperations())
      broken.push(`something is left in the outbox: ${JSON.stringify(await engine.explain())} (I12)`);
    const here = await shownRows(dataSource);
    const there = server.getAll('todos').map((row) => row as unknown as Row);
    broken.push(...brokenPromises('on the server', promised, byId(there)));
    // Tells apart what the cursor has passed from what was stored: every row of the server is here. What only a resync
    // can find may be here still.
    const gone = new Set(
      Array.from({ length: seeds }, (_, index) => `seeded-${index}`).filter(
        (id) => server.get('todos', id) === undefined,
      ),
    );
    const left = here
      .filter(({ id }) => !gone.has(id))
      .map(shown)
      .toSorted();
    const wanted = there.map(shown).toSorted();
    if (JSON.stringify(left) !== JSON.stringify(wanted))
      broken.push(`here ${left.join(' ')}; on the server ${wanted.join(' ')} (I5, I6)`);
    await engine.fullResync({ clearData: true });
    const swept = (await shownRows(dataSource)).map(shown).toSorted();
    if (JSON.stringify(swept) !== JSON.stringify(wanted))
      broken.push(`after a resync here ${swept.join(' ')}; on the server ${wanted.join(' ')} (I5)`);

    const keys = server.backend.effects.flatMap(({ key }) => key ?? []);
    if (keys.length !== new Set(keys).size) broken.push(`a request took effect twice: ${keys.join(' ')} (I2)`);
    for (const [id] of promised) {
      const deletes = server.backend.effects.filter((effect) => effect.id === id && effect.type === 'delete').length;
      if (deletes > 1) broken.push(`${id} was deleted ${deletes} times (I2)`);
    }
  } finally {
    await engine.dispose();
    await dataSource.destroy();
  }
  return broken;
}
