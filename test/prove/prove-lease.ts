import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSyncEngine } from '../../src/engine/create-sync-engine.ts';
import type { DatabaseDriver } from '../../src/persistence/database/open-database.ts';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createTestServer, type TestServer } from '../../src/testing/test-server.ts';
import { RestTransport } from '../../src/transport/rest-transport.ts';
import { openTodoDatabase, todos } from '../support/open-store.ts';
import { auditCounts, auditTables, fencedWrites } from './lease-audit.ts';
import { LeaseProcesses } from './lease-processes.ts';

export interface LeaseProcessOptions {
  readonly driver: DatabaseDriver;
  readonly database: string;
  readonly url: string;
  readonly label: string;
  /** The first write that is still to be made. */
  readonly from: number;
  readonly writes: number;
}

export interface LeaseProof {
  readonly driver: DatabaseDriver;
  readonly processes: number;
  /** Of each process. */
  readonly writes: number;
  readonly seed: number;
  /** Kills at most so many holders of the lease. */
  readonly kills: number;
  /** Called every half minute with how far it is. */
  readonly onProgress?: (line: string) => void;
}

export interface LeaseReport {
  readonly driver: DatabaseDriver;
  readonly writes: number;
  readonly kills: number;
  readonly freezes: number;
  readonly runs: number;
  readonly tookMs: number;
  /** From the end of a holder, or the first wish for a run after it, to the next run; ms. */
  readonly takeover: { readonly p50: number; readonly p95: number; readonly max: number };
  /** Writes that a frozen run sent, and commits that it told, once it was woken. */
  readonly zombie: { readonly requests: number; readonly commits: number };
  /** Writes of runs, and those of them that were made under another process's token. */
  readonly audited: number;
  readonly fenced: readonly string[];
  readonly lost: readonly string[];
  readonly doubled: readonly string[];
  readonly broken: readonly string[];
}

/**
 * Requests of a process at once. One that is frozen between its last look at the lease and its first byte sends them
 * when it is woken, which no lease can prevent: they have the key under which the next holder sends the same, and take
 * effect once.
 */
export const requestsAtOnce = 2;

/** The title that a row has once it was edited. */
export const titleOf = (number: number): string => `edited ${number}`;

const quantile = (values: readonly number[], share: number): number =>
  Math.round(values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? 0);

/**
 * Lets processes write and sync on one file while the one that runs is killed again and again, and one is frozen and
 * woken (I11).
 */
export async function proveLease(proof: LeaseProof): Promise<LeaseReport> {
  const { driver, writes } = proof;
  const folder = await mkdtemp(join(tmpdir(), 'synchart-lease-'));
  const database = join(folder, 'shared.db');
  await using server = await createTestServer({ naming: 'camelCase' });
  // As far away as servers are: a run lasts long enough to be killed in.
  server.delayNextRequests(8, Infinity);
  const started = performance.now();
  try {
    const first = await openTodoDatabase(driver, database);
    for (const table of auditTables) await first.query(table);
    await first.destroy();

    const processes = new LeaseProcesses(proof, { database, url: server.url }, seededRandom(proof.seed), server);
    const telling = setInterval(() => proof.onProgress?.(processes.progress), 30_000);
    await processes.run().finally(() => clearInterval(telling));

    server.delayNextRequests(0, 0);
    const dataSource = await openTodoDatabase(driver, database);
    const engine = createSyncEngine({
      dataSource,
      tables: [todos],
      transport: new RestTransport({ baseUrl: server.url }),
      config: { fullResyncIntervalMs: Infinity },
    });
    const broken: string[] = [...processes.broken];
    try {
      await engine.start();
      await engine.sync();
      if (await engine.outbox.hasOperations())
        broken.push(`something is left in the outbox: ${JSON.stringify((await engine.explain()).slice(0, 3))}`);
      const rows: { readonly id: string; readonly title: string }[] =
        await dataSource.query('SELECT id, title FROM todos');
      const there = new Map(server.getAll('todos').map((row) => [String(row['id']), String(row['title'])]));
      if (rows.length !== there.size || rows.some(({ id, title }) => there.get(id) !== title))
        broken.push(`${rows.length} rows here, ${there.size} on the server, or different ones (I5)`);
      const fenced: { readonly label: string; readonly what: string; readonly token: number }[] =
        await dataSource.query(fencedWrites);
      const [counts]: { readonly writes: number }[] = await dataSource.query(auditCounts);
      return {
        driver,
        writes: proof.processes * writes,
        ...processes.counts,
        tookMs: Math.round(performance.now() - started),
        takeover: {
          p50: quantile(processes.takeovers, 0.5),
          p95: quantile(processes.takeovers, 0.95),
          max: quantile(processes.takeovers, 1),
        },
        audited: counts?.writes ?? 0,
        fenced: fenced.map(({ label, what, token }) => `${label} wrote ${what} under the token ${token} of another`),
        lost: lostOf(proof, there),
        doubled: doubledOf(server),
        broken,
      };
    } finally {
      await engine.dispose();
      await dataSource.destroy();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Names of the processes, and of their rows. */
export const labelOf = (index: number): string => `p${index}`;

function lostOf({ processes, writes }: LeaseProof, there: ReadonlyMap<string, string>): string[] {
  const lost: string[] = [];
  for (let index = 0; index < processes; index++)
    for (let number = 0; number < writes; number++) {
      const id = `${labelOf(index)}-${number}`;
      const isEdit = number % 10 === 9;
      const edited = `${labelOf(index)}-${number - 5}`;
      if (isEdit ? there.get(edited) !== titleOf(number - 5) : !there.has(id))
        lost.push(isEdit ? `the edit of ${edited}` : id);
    }
  return lost;
}

/** Requests that took effect twice, and rows that were written more often than anybody wrote them. */
function doubledOf(server: TestServer): string[] {
  const keys = new Map<string, number>();
  const rows = new Map<string, number>();
  for (const { key = 'without a key', id } of server.backend.effects) {
    keys.set(key, (keys.get(key) ?? 0) + 1);
    rows.set(id, (rows.get(id) ?? 0) + 1);
  }
  const writesOf = (id: string): number => (Number(id.split('-')[1]) % 10 === 4 ? 2 : 1);
  return [
    ...[...keys]
      .filter(([, count]) => count > 1)
      .map(([key, count]) => `the request ${key} took effect ${count} times`),
    ...[...rows].filter(([id, count]) => count > writesOf(id)).map(([id, count]) => `${id} was written ${count} times`),
  ];
}
