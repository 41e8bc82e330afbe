import type { Database } from '@sqlite.org/sqlite-wasm';
import { randomId } from '../../model/platform/random-id.ts';
import { serveDatabase, type DatabaseHost } from '../../rpc/host/serve-database.ts';
import type { Release } from '../../rpc/protocol/messages.ts';
import type { RpcPort } from '../../rpc/protocol/port.ts';
import { isNewer, lacksMigrations, releaseOf } from '../../rpc/protocol/release.ts';
import { whenReleased } from '../election/held-lock.ts';
import type { Introduction, Lobby, Owner, TransferKind } from '../election/lobby.ts';
import type { DatabaseNames } from '../storage/database-name.ts';
import { BrowserStorageError, toStorageFailure, type StorageFailure } from '../storage/storage-error.ts';
import { checkpoint } from './open-file.ts';
import type { OpenedDatabase } from './opened-database.ts';
import { WasmConnection } from './sqlite-connection.ts';
import type { WatchedWrites } from './watched-writes.ts';
import { damageOf, readWholeFile, replaceWholeFile, serialize } from './whole-file.ts';

/** After so long without a statement the WAL is moved into the database. */
const idleMs = 1_000;

interface ReignParts {
  readonly names: DatabaseNames;
  readonly lobby: Lobby;
  readonly tab: string;
  readonly release: Release;
  readonly entities: string;
  readonly watched: WatchedWrites;
  readonly opened: OpenedDatabase;
}

/** The time during which this worker has the file and serves it to every tab. */
export class Reign {
  readonly owner: Owner;
  readonly #parts: ReignParts;
  readonly #connection: WasmConnection;
  readonly #host: DatabaseHost;
  readonly #over = new AbortController();
  readonly #lines = new Map<string, BroadcastChannel>();
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #activeAt = 0;
  #checkpointed = 0;
  #isChecked = false;
  #end: (() => void) | undefined;
  /** Resolves when the file is closed and the lock may go. */
  readonly ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });

  constructor(parts: ReignParts) {
    this.#parts = parts;
    const { opened, watched, tab, release } = parts;
    const file = releaseIn(opened.database);
    const { mode, reason } = opened;
    this.owner = {
      owner: randomId(),
      tab,
      release: lacksMigrations(release, file) ? file : release,
      mode,
      reason,
    };
    this.#connection = new WasmConnection(opened.sqlite, opened.database, watched, {
      onStatement: () => this.#noteStatement(),
      onDamage: () => this.#checkForDamage(),
      store: () => opened.store?.(),
    });
    this.#host = serveDatabase({ connection: this.#connection });
  }

  announce(): void {
    this.#parts.lobby.tell({ type: 'owner', ...this.owner });
  }

  /** Serves the owner's own tab, which ends together with this worker. */
  attachOwnTab(introduction: Introduction, port: RpcPort): StorageFailure | undefined {
    const failure = this.#objectionTo(introduction);
    if (failure === undefined) this.#host.connect(port, {});
    return failure;
  }

  attach(introduction: Introduction): void {
    const { lobby, names, release } = this.#parts;
    const { attachment, tab } = introduction;
    const failure = this.#objectionTo(introduction);
    if (failure !== undefined) {
      lobby.tell({ type: 'refused', attachment, failure });
      return;
    }
    if (isNewer(introduction.release, release)) {
      void this.handOver(tab);
      return;
    }
    if (this.#lines.has(attachment)) {
      // It asked again before it heard the answer.
      lobby.tell({ type: 'attached', attachment });
      return;
    }
    const channel = new BroadcastChannel(names.line(attachment));
    this.#lines.set(attachment, channel);
    const gone = whenReleased(names.tabLock(tab), this.#over.signal);
    gone
      .catch(() => undefined)
      .finally(() => {
        this.#lines.delete(attachment);
        channel.close();
      });
    this.#host.connect(channel, { gone });
    lobby.tell({ type: 'attached', attachment });
  }

  /** Gives the file up, to `heir` where one is named. The promise of `ended` resolves afterwards. */
  async handOver(heir?: string): Promise<void> {
    if (this.#over.signal.aborted) return;
    clearTimeout(this.#idleTimer);
    const { lobby, opened } = this.#parts;
    const { owner } = this.owner;
    try {
      await this.#host.handOver();
    } finally {
      lobby.tell({ type: 'leaving', owner, ...(heir === undefined ? {} : { heir }) });
      this.#over.abort();
      for (const channel of this.#lines.values()) channel.close();
      await this.#connection.close();
      opened.close();
      this.#end?.();
    }
  }

  /** Moves the whole database, on a channel of its own: the lobby would copy it into every tab. */
  transfer(id: string, kind: TransferKind): void {
    const { names, opened } = this.#parts;
    const channel = new BroadcastChannel(names.transfer(id));
    const answer = (message: object): void => {
      channel.postMessage(message);
      channel.close();
    };
    const fail = (error: unknown): void => answer({ failure: toStorageFailure(error, 'damaged') });
    if (kind === 'export') {
      this.#connection
        .betweenTransactions(() => answer({ bytes: serialize(opened.sqlite, opened.database) }))
        .catch(fail);
      return;
    }
    channel.addEventListener('message', ({ data }: MessageEvent<{ readonly bytes?: unknown }>) => {
      if (!(data.bytes instanceof Uint8Array)) return;
      this.#import(data.bytes).then(() => answer({ imported: true }), fail);
    });
    channel.postMessage({ waiting: true });
  }

  async #import(bytes: Uint8Array): Promise<void> {
    const { opened, release, lobby } = this.#parts;
    const source = readWholeFile(opened.sqlite, bytes);
    try {
      const file = releaseIn(source);
      if (lacksMigrations(release, file)) {
        throw new BrowserStorageError(
          'newerSchema',
          'The given database was migrated by a newer release of this app. The stored file is unchanged: update the app, then import again',
        );
      }
      await this.#connection.betweenTransactions(() => replaceWholeFile(opened.sqlite, opened.database, source));
    } finally {
      source.close();
    }
    lobby.tell({ type: 'replaced' });
  }

  #objectionTo({ release, entities }: Introduction): StorageFailure | undefined {
    const mine = this.#parts;
    const isSameRelease = !isNewer(release, mine.release) && !isNewer(mine.release, release);
    if (!isSameRelease || entities === mine.entities) return undefined;
    return {
      problem: 'otherEntities',
      message: `The database "${mine.names.name}" is open in another tab with other entities (${mine.entities}; here: ${entities}). Give each set of entities a name of its own, or add a migration where a release changes the set, and close the other tabs`,
    };
  }

  // ── The file ────────────────────────────────────────────────────────────────────────────────────────────────────

  /** One timer for any number of statements: it looks again as long as there are some. */
  #noteStatement(): void {
    this.#activeAt = Date.now();
    if (this.#parts.opened.isFile && this.#idleTimer === undefined) this.#lookWhenIdle(idleMs);
  }

  #lookWhenIdle(delayMs: number): void {
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = undefined;
      const quietMs = Date.now() - this.#activeAt;
      if (quietMs < idleMs) this.#lookWhenIdle(idleMs - quietMs);
      else this.#checkpointWhenIdle();
    }, delayMs);
  }

  #checkpointWhenIdle(): void {
    const { database } = this.#parts.opened;
    if (this.#over.signal.aborted || this.#connection.isInTransaction()) return;
    const written = Number(database.changes(true));
    if (written === this.#checkpointed) return;
    this.#checkpointed = written;
    try {
      checkpoint(database);
    } catch {
      // The WAL stays, and the next commit that makes it too large tells its writer why.
    }
  }

  #checkForDamage(): void {
    if (this.#isChecked) return;
    this.#isChecked = true;
    const { lobby, opened } = this.#parts;
    const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
    void this.#connection
      .betweenTransactions(() => damageOf(opened.database))
      .catch(textOf)
      .then((damage) => {
        if (damage !== undefined) lobby.tell({ type: 'damaged', damage });
      });
  }
}

function releaseIn(database: Database): Release {
  const found = database.selectValue(`SELECT 1 FROM sqlite_master WHERE "type" = 'table' AND "name" = 'migrations'`);
  return releaseOf(found === undefined ? [] : database.selectValues('SELECT "name" FROM "migrations"').map(String));
}
