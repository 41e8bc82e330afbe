import { describeSyncError, type SyncEvent, type SyncPhaseName } from 'synchart';
import type { DataSource } from 'typeorm';
import { compareRows, describeDifference } from './compare.ts';
import { liveThroughDay, operationsPerUser, planDay, sharedRows, type Random } from './offline-day.ts';
import { syncTelling, type Replica } from './replica.ts';
import type { DemoServer } from './seed-server.ts';
import { countLiving, tableRows } from './table-rows.ts';
import { City, Country } from './tables.ts';
import { formatCount, plural, type Terminal } from './terminal.ts';

export interface Stage {
  readonly terminal: Terminal;
  readonly server: DemoServer;
  readonly serverData: DataSource;
  readonly random: Random;
}

/** A new device gets everything: page by page, each page and its cursor in one transaction. */
export async function firstPull({ terminal }: Stage, replica: Replica, total: number): Promise<void> {
  const progress = terminal.progress(`replica ${replica.name}: first pull`, total, 'rows');
  let pulled = 0;
  const watching = replica.engine.events$.subscribe((event) => {
    if (event.type === 'page.pulled') progress.at((pulled += event.pageSize));
  });
  const stats = await replica.engine.sync();
  watching.unsubscribe();
  progress.end(stats.pulled);
}

/** The server goes away; both users go on working. */
export async function offlineDay({ terminal, server, serverData, random }: Stage, replicas: readonly [Replica, Replica]): Promise<void> {
  await server.goDown();
  terminal.note(`The server is down. Each user makes ${operationsPerUser} changes; ${sharedRows} rows are touched by both.`);
  const [plans, names] = [planDay(await idsOf(serverData, 'cities'), await idsOf(serverData, 'countries'), random), replicas.map(({ name }) => name)];
  for (const [index, replica] of replicas.entries()) {
    const plan = plans[index === 0 ? 0 : 1];
    const startedAt = performance.now();
    const made = await liveThroughDay(replica.name, plan, replica.writer, random);
    const perWrite = (performance.now() - startedAt) / made;
    const { cityEdits, countryEdits, cityDeletes, cityCreates } = plan;
    terminal.fact(
      `replica ${names[index] ?? ''}: local changes`,
      made,
      `${cityEdits.length + countryEdits.length} edits, ${cityCreates} new, ${cityDeletes.length} deleted; ${perWrite.toFixed(1)} ms each`,
    );
  }
  for (const replica of replicas) await tryInVain(terminal, replica);
}

/** What a user sees who asks for a sync without a server. */
async function tryInVain(terminal: Terminal, replica: Replica): Promise<void> {
  const outcome = await replica.engine.sync().then(
    () => 'synced, which nobody expected',
    (error: unknown) => describeSyncError(error),
  );
  const pending = await replica.engine.explain();
  terminal.event(replica.name, `sync → ${outcome}`);
  terminal.fact(`replica ${replica.name}: still queued`, pending.length, pending[0]?.detail ?? '');
}

/** Both sync in turns until a whole round moves nothing; answers how many rounds that took. */
export async function reconnect({ terminal, server }: Stage, replicas: readonly Replica[]): Promise<number> {
  await server.comeBack();
  terminal.note('The server is back.');
  const maxRounds = 6;
  for (let round = 1; round <= maxRounds; round += 1) {
    let moved = 0;
    for (const replica of replicas) moved += await syncOnce(terminal, replica);
    if (moved === 0) return round;
  }
  throw new Error(`the replicas still exchange rows after ${maxRounds} rounds`);
}

async function syncOnce(terminal: Terminal, replica: Replica): Promise<number> {
  const { engine, name } = replica;
  const seen = { detected: 0, ours: 0, servers: 0, givenUp: 0 };
  const watching = engine.events$.subscribe((event: SyncEvent) => {
    if (event.type === 'conflict.detected') seen.detected += 1;
    if (event.type !== 'conflict.resolved') return;
    if (event.resolution.type === 'acceptServer') seen.servers += 1;
    else seen.ours += 1;
    seen.givenUp += event.givenUp?.length ?? 0;
  });
  const trail = terminal.trail(name);
  const result = await syncTelling(replica, (phase) => trail.step(phaseWords[phase]));
  watching.unsubscribe();
  trail.end();
  const { pushed, pulled, errors } = result.stats;
  terminal.fact('pushed / pulled', `${formatCount(pushed)} / ${formatCount(pulled)}`, errors > 0 ? plural(errors, 'error') : '');
  if (seen.detected > 0) {
    terminal.fact(
      'conflicts',
      seen.detected,
      `${seen.ours} × ours (clientWins), ${seen.servers} × the server's (serverWins), ${plural(seen.givenUp, 'edit')} given up`,
    );
  }
  return pushed + pulled;
}

/** Compares every row of every table with the server's. True when all are equal. */
export async function compareWithServer({ terminal, serverData }: Stage, replicas: readonly Replica[]): Promise<boolean> {
  let allEqual = true;
  for (const replica of replicas) {
    for (const [entity, what] of [
      [City, 'cities'],
      [Country, 'countries'],
    ] as const) {
      const { equal, differences } = await compareRows(tableRows(serverData, entity), tableRows(replica.dataSource, entity));
      const living = await countLiving(replica.dataSource, entity);
      if (differences.length === 0) {
        terminal.good(`replica ${replica.name} equals the server: ${formatCount(equal)} ${what}, ${plural(equal - living, 'tombstone')} among them`);
        continue;
      }
      allEqual = false;
      terminal.bad(`replica ${replica.name}: ${plural(differences.length, 'difference')} in ${what}`);
      for (const difference of differences.slice(0, 10)) terminal.note(`  ${describeDifference(difference)}`);
    }
    const pending = await replica.engine.explain();
    if (pending.length > 0) {
      allEqual = false;
      terminal.bad(
        `replica ${replica.name}: ${plural(pending.length, 'operation')} still queued, such as ${pending[0]?.kind ?? ''}/${pending[0]?.entityId ?? ''}: ${pending[0]?.detail ?? ''}`,
      );
    }
  }
  return allEqual;
}

async function idsOf(dataSource: DataSource, table: 'cities' | 'countries'): Promise<string[]> {
  const rows = await dataSource.query<{ id: string }[]>(`SELECT "id" FROM "${table}" ORDER BY "id"`);
  return rows.map(({ id }) => id);
}

/** Choosing a table and reading its pages are one thing to a person. */
const phaseWords: Readonly<Record<SyncPhaseName, string>> = {
  starting: 'starting',
  idle: 'idle',
  planning: 'planning',
  pushing: 'pushing',
  resolvingConflict: 'resolving conflicts',
  pulling: 'pulling',
  paging: 'pulling',
  fullResync: 'full resync',
  finishing: 'finishing',
  backoff: 'backing off',
  paused: 'paused',
  offline: 'offline',
  authRequired: 'sign-in needed',
  standby: 'waiting for another process',
  failed: 'failed',
  stopped: 'stopped',
};
