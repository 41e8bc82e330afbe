import type { StorageStatus } from '../../model/storage-status.ts';
import type { Release } from '../../rpc/protocol/messages.ts';
import type { RpcPort } from '../../rpc/protocol/port.ts';
import { holdLock, type HeldLock } from '../election/held-lock.ts';
import { enterLobby, type Lobby, type LobbyMessage, type Owner, type SyncingMessage } from '../election/lobby.ts';
import { hasLocks } from '../storage/browser-support.ts';
import { namesOf, type DatabaseNames } from '../storage/database-name.ts';
import { BrowserStorageError, fromStorageFailure } from '../storage/storage-error.ts';
import type { FromWorker, ToWorker } from '../worker/worker-messages.ts';
import { OwnerLine } from './owner-line.ts';
import { isPageVisible, watchPage } from './page-life.ts';
import { TabWorker } from './tab-worker.ts';
import type { WorkerFactory } from './worker-script.ts';

/** How often a tab without an owner asks who has the file. */
const askAgainMs = 250;

interface TabParts {
  /** Names this tab; unique among all tabs. */
  readonly id: string;
  readonly name: string;
  readonly release: Release;
  readonly entities: string;
  /** Nothing is to be stored: the database ends with the tab. */
  readonly isInMemory: boolean;
  readonly openTimeoutMs: number;
  readonly startWorker: WorkerFactory;
  /** Undefined: the worker fetches the wasm file itself. */
  readonly wasm: Promise<WebAssembly.Module | undefined> | undefined;
  /** A new way to the owner; the one before is dead. */
  onLine(port: RpcPort): void;
  /** `ownerTab`: whose worker has the file, where that is known. */
  onRole(role: StorageStatus['role'], ownerTab?: string): void;
  /** Who syncs, or asks for it. */
  onSyncing(message: SyncingMessage): void;
  /** Where the owner keeps the data. */
  onStorage(storage: Pick<Owner, 'mode' | 'reason'>): void;
  onReplaced(): void;
  onDamage(damage: string): void;
}

/** What exists while the page is alive; a page in the back/forward cache, or frozen, has none of it. */
interface Presence {
  readonly worker: TabWorker;
  readonly lobby: Lobby;
  readonly life: HeldLock | undefined;
  readonly line: OwnerLine;
  timer: ReturnType<typeof setInterval> | undefined;
}

/** One opening of a database in one page: it is present, with a worker and a line to the owner, while the page lives. */
export class Tab {
  readonly id: string;
  /** No other tab reaches this one's owner. */
  readonly isAlone: boolean;
  readonly #parts: TabParts;
  readonly #names: DatabaseNames;
  #presence: Presence | undefined;
  #isClosed = false;
  #settleOpening: { resolve(): void; reject(error: Error): void } | undefined;
  /** `open` sets it. A later failure rejects the calls that need the database. */
  #isOpen = false;
  #unwatchPage: () => void = () => undefined;

  constructor(parts: TabParts) {
    this.id = parts.id;
    this.#parts = parts;
    this.isAlone = parts.isInMemory || !hasLocks();
    this.#names = namesOf(parts.name, this.isAlone ? this.id : undefined);
  }

  /** The owner that this tab is attached to. */
  get ownerId(): string | undefined {
    return this.#presence?.line.attachedTo;
  }

  get names(): DatabaseNames {
    return this.#names;
  }

  /** Resolves when the first line is there. Rejects with `BrowserStorageError`, at the latest when the time is up. */
  async open(): Promise<void> {
    const opening = new Promise<void>((resolve, reject) => {
      this.#settleOpening = { resolve, reject };
    });
    const timer = setTimeout(() => {
      const { openTimeoutMs } = this.#parts;
      this.#settleOpening?.reject(
        new BrowserStorageError(
          'noAnswer',
          `Nobody opened the database "${this.#names.name}" within ${openTimeoutMs} ms: the tab that has it does not answer. Close other tabs of this site, then reload`,
        ),
      );
    }, this.#parts.openTimeoutMs);
    try {
      this.#appear();
      this.#unwatchPage = this.#watchPage();
      await opening;
      this.#isOpen = true;
    } catch (error) {
      this.#vanish();
      this.#unwatchPage();
      this.#isClosed = true;
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives the file back in order. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unwatchPage();
    await this.#presence?.worker.stopped();
    this.#vanish();
    this.#parts.onRole('closed');
  }

  tellLobby(message: LobbyMessage): void {
    this.#presence?.lobby.tell(message);
  }

  // ── Life ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #appear(): void {
    const { startWorker, wasm } = this.#parts;
    const worker = new TabWorker({
      startWorker,
      wasm,
      onMessage: (message) => this.#hearWorker(message),
      onScriptFailed: (reason) => this.#scriptFailed(reason),
    });
    const presence: Presence = {
      worker,
      lobby: enterLobby(this.#names, (message) => this.#hear(message)),
      life: this.isAlone ? undefined : holdLock(this.#names.tabLock(this.id)),
      line: this.#lineThrough(worker),
      timer: undefined,
    };
    this.#presence = presence;
    worker.begin(() => this.#startMessage());
    const begin = (): void => {
      if (this.#presence !== presence) return;
      presence.lobby.tell({ type: 'whoOwns' });
      presence.timer = setInterval(() => {
        if (!presence.line.isAttached) presence.lobby.tell({ type: 'whoOwns' });
      }, askAgainMs);
    };
    // The owner waits for this lock to learn that the tab is gone, so the tab has it before it introduces itself.
    if (presence.life === undefined) begin();
    else presence.life.held.then(begin, () => undefined);
  }

  /** At once, without asking anybody: a page that is put away has no time for an answer. */
  #vanish(): void {
    const presence = this.#presence;
    this.#presence = undefined;
    if (presence === undefined) return;
    presence.worker.terminate();
    presence.life?.release();
    clearInterval(presence.timer);
    presence.line.close();
    presence.lobby.close();
  }

  #watchPage(): () => void {
    return watchPage({
      onHide: () => {
        this.#vanish();
        this.#parts.onRole('opening');
      },
      onShow: () => {
        if (this.#presence === undefined && !this.#isClosed) this.#appear();
      },
      onVisibility: (isVisible) => {
        this.#presence?.worker.tell({ type: 'visibility', isVisible });
        if (isVisible) this.tellLobby({ type: 'visible', tab: this.id });
      },
    });
  }

  // ── Worker and owner ────────────────────────────────────────────────────────────────────────────────────────────

  #startMessage(): ToWorker {
    const { isInMemory, name, release, entities, wasm } = this.#parts;
    const { id: tab, isAlone } = this;
    const sendsWasm = wasm !== undefined;
    const isVisible = isPageVisible();
    return { type: 'start', name, tab, release, entities, isInMemory, isAlone, sendsWasm, isVisible };
  }

  #lineThrough(worker: TabWorker): OwnerLine {
    const { release, entities, onRole, onLine, onStorage } = this.#parts;
    return new OwnerLine({
      tab: this.id,
      names: this.#names,
      release,
      entities,
      tellLobby: (message) => this.tellLobby(message),
      tellOwnWorker: (introduction, port) => worker.tell({ type: 'attach', introduction }, [port]),
      onAttached: (role, ownerTab, port) => {
        onRole(role, ownerTab);
        onLine(port);
        this.#settleOpening?.resolve();
      },
      onDetached: () => onRole('opening'),
      onStorage,
    });
  }

  #scriptFailed(reason: string): void {
    this.#settleOpening?.reject(
      new BrowserStorageError(
        'workerFailed',
        `The script of the database's worker did not load${reason === '' ? '' : `: ${reason}`}. Check that its address answers with JavaScript and not with a web page; see docs/browser.md`,
      ),
    );
  }

  #hearWorker(message: FromWorker): void {
    switch (message.type) {
      case 'owns':
        this.#presence?.line.attachOwn(message);
        return;
      case 'failed':
      case 'refused':
        if (!this.#isOpen) this.#settleOpening?.reject(fromStorageFailure(message.failure));
        return;
      case 'ready':
      case 'stopped':
        return;
      default:
        message satisfies never;
    }
  }

  #hear(message: LobbyMessage): void {
    const line = this.#presence?.line;
    if (line === undefined) return;
    switch (message.type) {
      case 'refused':
        if (line.isMine(message.attachment) && !this.#isOpen)
          this.#settleOpening?.reject(fromStorageFailure(message.failure));
        return;
      case 'replaced':
        this.#parts.onReplaced();
        return;
      case 'damaged':
        this.#parts.onDamage(message.damage);
        return;
      case 'whoSyncs':
      case 'syncing':
        this.#parts.onSyncing(message);
        return;
      default:
        line.hear(message);
    }
  }
}
