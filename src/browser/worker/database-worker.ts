import type { Sqlite3Static } from '@sqlite.org/sqlite-wasm';
import { runForOwner, type Campaign } from '../election/campaign.ts';
import { enterLobby, type Lobby, type LobbyMessage } from '../election/lobby.ts';
import { namesOf, type DatabaseNames } from '../storage/database-name.ts';
import { loadSqlite } from './load-sqlite.ts';
import { DurableStorage } from './open-durable.ts';
import { openInMemory } from './open-file.ts';
import type { OpenedDatabase } from './opened-database.ts';
import { toOpeningFailure } from './opening-failure.ts';
import { Reign } from './reign.ts';
import { watchWrites } from './watched-writes.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

type StartMessage = Extract<ToWorker, { readonly type: 'start' }>;

/** An owner whose tab is hidden gives the file to a visible tab after so long. */
const hiddenForMs = 500;
/** Before a tab whose attempt failed tries again; others try first. */
const afterFailureMs = 1_000;

const watched = watchWrites();

/** One tab's worker: waits for its turn to own the file, and serves it then. */
export class DatabaseWorker {
  readonly #start: StartMessage;
  readonly #names: DatabaseNames;
  readonly #lobby: Lobby;
  #campaign: Campaign | undefined;
  readonly #wasm: Promise<WebAssembly.Module | undefined>;
  #setWasm: ((module: WebAssembly.Module | undefined) => void) | undefined;
  #sqlite: Promise<Sqlite3Static> | undefined;
  readonly #storage: DurableStorage;
  #reign: Reign | undefined;
  #isVisible: boolean;
  #hiddenTimer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(
    start: StartMessage,
    private readonly tell: (message: FromWorker) => void,
  ) {
    this.#start = start;
    const { isAlone, isInMemory } = start;
    this.#names = namesOf(start.name, isAlone ? start.tab : undefined);
    this.#storage = new DurableStorage(this.#names);
    this.#isVisible = start.isVisible;
    this.#wasm = start.sendsWasm
      ? new Promise((resolve) => {
          this.#setWasm = resolve;
        })
      : Promise.resolve(undefined);
    this.#lobby = enterLobby(this.#names, (message) => this.#hear(message));
    if (isInMemory) void this.#becomeOwner();
    else if (isAlone) void this.#ownAlone();
    else this.#campaign = runForOwner({ names: this.#names, tab: start.tab, reign: () => this.#becomeOwner() });
  }

  receive(message: ToWorker, ports: readonly MessagePort[]): void {
    switch (message.type) {
      case 'start':
        return;
      case 'wasm':
        this.#setWasm?.(message.module);
        return;
      case 'attach': {
        const [port] = ports;
        if (port === undefined) return;
        const failure = this.#reign?.attachOwnTab(message.introduction, port);
        if (failure !== undefined) this.tell({ type: 'refused', failure });
        return;
      }
      case 'visibility':
        this.#isVisible = message.isVisible;
        this.#lookForVisible();
        return;
      case 'stop':
        void this.#stop();
        return;
      default:
        message satisfies never;
    }
  }

  async #stop(): Promise<void> {
    this.#isStopped = true;
    this.#campaign?.stop();
    await this.#reign?.handOver();
    await this.#reign?.ended;
    this.#lobby.close();
    this.tell({ type: 'stopped' });
  }

  /** Runs while the lock of the owner is held. */
  async #becomeOwner(): Promise<number> {
    if (this.#isStopped) return 0;
    this.#lobby.tell({ type: 'opening', tab: this.#start.tab });
    let opened: OpenedDatabase | undefined;
    try {
      opened = await this.#open();
      const { tab, release, entities } = this.#start;
      this.#reign = new Reign({ names: this.#names, lobby: this.#lobby, tab, release, entities, watched, opened });
    } catch (error) {
      opened?.database.close();
      opened?.close();
      this.tell({ type: 'failed', failure: toOpeningFailure(error) });
      return afterFailureMs;
    }
    const reign = this.#reign;
    if (this.#isStopped) await reign.handOver();
    else {
      this.tell({ type: 'owns', ...reign.owner });
      reign.announce();
      this.#lookForVisible();
    }
    await reign.ended;
    this.#reign = undefined;
    return 0;
  }

  async #open(): Promise<OpenedDatabase> {
    this.#sqlite ??= this.#wasm.then(loadSqlite);
    this.#sqlite.catch(() => {
      this.#sqlite = undefined;
    });
    const sqlite = await this.#sqlite;
    if (!this.#start.isInMemory) return this.#storage.open(sqlite);
    return { sqlite, mode: 'memory', database: openInMemory(sqlite), isFile: false, close: () => undefined };
  }

  /** Without Web Locks there is no election: the connection to IndexedDB lets one owner in. */
  async #ownAlone(): Promise<void> {
    while (!this.#isStopped) {
      const pauseMs = await this.#becomeOwner();
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  #hear(message: LobbyMessage): void {
    const reign = this.#reign;
    switch (message.type) {
      case 'whoOwns':
        reign?.announce();
        return;
      case 'attach':
        if (message.owner === reign?.owner.owner) reign.attach(message.introduction);
        return;
      case 'transfer':
        if (message.owner === reign?.owner.owner) reign.transfer(message.id, message.kind);
        return;
      case 'visible':
        if (!this.#isVisible && reign !== undefined) void reign.handOver(message.tab);
        return;
      case 'leaving':
        if (message.heir !== undefined) this.#campaign?.prefer(message.heir);
        return;
      default:
    }
  }

  /** A hidden tab may be frozen or slowed down, and with it everybody who waits for the file. */
  #lookForVisible(): void {
    clearTimeout(this.#hiddenTimer);
    if (this.#isVisible) return;
    this.#hiddenTimer = setTimeout(() => {
      const { owner } = this.#reign?.owner ?? {};
      if (!this.#isVisible && owner !== undefined) this.#lobby.tell({ type: 'whoIsVisible', owner });
    }, hiddenForMs);
  }
}
