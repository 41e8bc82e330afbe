import { firstValueFrom } from 'rxjs';
import { describeDiagnosis, describeRemedy, describeSyncError, type SyncEvent, type SyncPhaseName } from 'synchart';
import type { DataSource } from 'typeorm';
import { compareRows, describeDifference } from './compare.ts';
import { liveThroughDay, operationsPerUser, planDay, sharedRows, type Random } from './offline-day.ts';
import { syncTelling, type Replica } from './replica.ts';
import type { DemoServer } from './seed-server.ts';
import { countLiving, tableRows } from './table-rows.ts';
import { City, Country } from './tables.ts';
import { formatCount, plural, type Terminal } from './terminal.ts';

type ResolvedConflict = Extract<SyncEvent, { type: 'conflict.resolved' }>;

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
export async function offlineDay(
  { terminal, server, serverData, random }: Stage,
  replicas: readonly [Replica, Replica],
): Promise<void> {
  await server.goDown();
  terminal.note(
    `The server is down. Each user makes ${operationsPerUser} changes; ${sharedRows} rows are touched by both.`,
  );
  const [plans, names] = [
    planDay(await idsOf(serverData, 'cities'), await idsOf(serverData, 'countries'), random),
    replicas.map(({ name }) => name),
  ];
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
  const [first] = await firstValueFrom(replica.engine.diagnosis$);
  if (first !== undefined)
    terminal.note(`  ${describeDiagnosis(first)} ${first.remedies.map(describeRemedy).join(' ')}`);
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
  const resolved: ResolvedConflict[] = [];
  const watching = replica.engine.events$.subscribe((event) => {
    if (event.type === 'conflict.resolved') resolved.push(event);
  });
  const trail = terminal.trail(replica.name);
  const { stats } = await syncTelling(replica, (phase) => trail.step(phaseWords[phase]));
  watching.unsubscribe();
  const { pushed, pulled, errors } = stats;
  trail.end(
    pushed + pulled === 0
      ? 'nothing new'
      : `${formatCount(pushed)} pushed, ${formatCount(pulled)} pulled${errors > 0 ? `, ${plural(errors, 'error')}` : ''}`,
  );
  if (resolved.length > 0) tellConflicts(terminal, resolved);
  return pushed + pulled;
}

function tellConflicts(terminal: Terminal, resolved: readonly ResolvedConflict[]): void {
  const server = resolved.filter(({ resolution }) => resolution.type === 'acceptServer');
  const ours = resolved.filter(({ resolution }) => resolution.type !== 'acceptServer');
  terminal.fact(
    'conflicts resolved',
    resolved.length,
    `${ours.length} for the client (cities: clientWins), ${server.length} for the server (countries: serverWins)`,
  );
  const examples = [
    ours.find(({ conflict }) => contestedField(conflict) !== undefined),
    ours.find(({ conflict }) => conflict.serverDeleted),
    server[0],
  ];
  for (const example of examples) if (example !== undefined) terminal.note(`  such as ${describeConflict(example)}`);
}

/** One conflict in one line: what each side had, and what became of it. */
function describeConflict({ conflict, resolution }: ResolvedConflict): string {
  const { kind, entityId, localData, serverData, baseData, serverDeleted, opType } = conflict;
  const row = `${kind}/${entityId}`;
  const outcome = resolution.type === 'acceptServer' ? "the server's was taken" : 'ours was taken';
  if (opType === 'delete') return `${row}: deleted here, edited there; ${outcome}`;
  if (serverDeleted)
    return `${row} "${String(localData['name'])}": edited here, deleted there; ${outcome}, the row is back`;
  const field = contestedField(conflict) ?? '';
  return `${row}: ${field} was ${text(baseData?.[field])}, here ${text(localData[field])}, there ${text(serverData[field])}; ${outcome}`;
}

/** A field that both sides have changed. */
const contestedField = ({ localData, serverData, baseData = {} }: ResolvedConflict['conflict']): string | undefined =>
  Object.keys(localData).find(
    (key) =>
      key in serverData &&
      localData[key] !== serverData[key] &&
      localData[key] !== baseData[key] &&
      serverData[key] !== baseData[key],
  );

const text = (value: unknown): string => JSON.stringify(value ?? null);

/** Compares every row of every table with the server's. True when all are equal. */
export async function compareWithServer(
  { terminal, serverData }: Stage,
  replicas: readonly Replica[],
): Promise<boolean> {
  let allEqual = true;
  for (const replica of replicas) {
    for (const [entity, what] of [
      [City, 'cities'],
      [Country, 'countries'],
    ] as const) {
      const { equal, differences } = await compareRows(
        tableRows(serverData, entity),
        tableRows(replica.dataSource, entity),
      );
      const living = await countLiving(replica.dataSource, entity);
      if (differences.length === 0) {
        terminal.good(
          `replica ${replica.name} equals the server: ${formatCount(equal)} ${what}${equal > living ? `, ${plural(equal - living, 'tombstone')} among them` : ''}`,
        );
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
  firstPull: 'first pull',
  finishing: 'finishing',
  backoff: 'backing off',
  paused: 'paused',
  offline: 'offline',
  authRequired: 'sign-in needed',
  standby: 'waiting for another process',
  failed: 'failed',
  stopped: 'stopped',
};
