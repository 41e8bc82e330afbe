import Database from 'better-sqlite3';
import { betterSqlite3Connection } from '../../src/rpc/host/better-sqlite3-connection.ts';
import type { HostConnection } from '../../src/rpc/host/host-connection.ts';
import { serveDatabase, type DatabaseHost } from '../../src/rpc/host/serve-database.ts';
import type { RpcDriver } from '../../src/rpc/client/rpc-driver.ts';
import { linkedPorts, type Fate, type PortPair } from './linked-ports.ts';

/**
 * Hosts of one file that die one after another. `deaths` says after how many steps each does: a statement has a step
 * before it runs, and one after it, when its answer is not yet sent. The next host takes over at once.
 */
export class DyingHosts {
  readonly #deaths: number[];
  readonly #drivers = new Set<RpcDriver>();
  readonly #fates: Parameters<typeof linkedPorts>[0];
  #pairs: PortPair[] = [];
  #steps = 0;
  #host: DatabaseHost;
  #database: Database.Database;
  /** How many hosts have died. */
  died = 0;

  constructor(
    private readonly file: string,
    deaths: readonly number[],
    fates: { readonly toHost?: (message: unknown) => Fate; readonly toClient?: (message: unknown) => Fate } = {},
  ) {
    this.#deaths = [...deaths];
    this.#fates = fates;
    [this.#host, this.#database] = this.#serve();
  }

  /** A port to the present host. */
  port(): PortPair['client'] {
    const pair = linkedPorts(this.#fates);
    this.#pairs.push(pair);
    this.#host.connect(pair.host);
    return pair.client;
  }

  /** The clients that go on at each next host. */
  follow(driver: RpcDriver): void {
    this.#drivers.add(driver);
  }

  /** Ends the last host in order. */
  async close(): Promise<void> {
    await this.#host.close();
  }

  /** How many steps the present host has done. */
  get steps(): number {
    return this.#steps;
  }

  #serve(): [DatabaseHost, Database.Database] {
    const database = new Database(this.file);
    database.pragma('journal_mode = WAL');
    database.pragma('synchronous = OFF');
    this.#steps = 0;
    const deathAt = this.#deaths.shift() ?? Infinity;
    const inner = betterSqlite3Connection(database);
    let isDead = false;
    const dies = (): boolean => {
      this.#steps += 1;
      if (isDead || this.#steps < deathAt) return isDead;
      isDead = true;
      this.#die();
      return true;
    };
    const silence = new Promise<never>(() => undefined);
    const connection: HostConnection = {
      execute: (sql, parameters) => {
        if (dies()) return silence;
        let failure: unknown;
        const result = ((): ReturnType<HostConnection['execute']> | undefined => {
          try {
            return inner.execute(sql, parameters);
          } catch (error) {
            failure = error;
            return undefined;
          }
        })();
        if (dies()) return silence;
        if (result === undefined) throw failure;
        return result;
      },
      isInTransaction: () => inner.isInTransaction(),
      close: () => inner.close(),
    };
    return [serveDatabase({ connection }), database];
  }

  /** The process is gone: what was not committed is rolled back, what was not said is never said. */
  #die(): void {
    this.died += 1;
    for (const pair of this.#pairs.splice(0)) pair.cut();
    this.#database.close();
    [this.#host, this.#database] = this.#serve();
    setImmediate(() => {
      for (const driver of this.#drivers) driver.attach(this.port());
    });
  }
}
