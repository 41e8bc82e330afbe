import { randomId } from '../../model/platform/random-id.ts';
import type { Release } from '../../rpc/protocol/messages.ts';
import type { RpcPort } from '../../rpc/protocol/port.ts';
import { lacksMigrations } from '../../rpc/protocol/release.ts';
import { holdLock, type HeldLock } from '../election/held-lock.ts';
import { enterLobby, type Introduction, type Lobby, type LobbyMessage, type Owner } from '../election/lobby.ts';
import { namesOf, type DatabaseNames } from '../storage/database-name.ts';
import { BrowserStorageError, fromStorageFailure } from '../storage/storage-error.ts';
import type { StorageMode, StorageStatus } from '../storage/storage-status.ts';
import type { FromWorker, ToWorker } from '../worker/worker-messages.ts';
import type { WorkerFactory } from './worker-script.ts';

/** How often a tab without an owner asks who has the file. */
const askAgainMs = 250;
const stopWithinMs = 3_000;
/** A request for a script can hang, and then blocks its address for all tabs. */
const scriptWithinMs = 5_000;

interface TabParts {
  readonly name: string;
  readonly release: Release;
  readonly entities: string;
  readonly mode: StorageMode;
  readonly openTimeoutMs: number;
  readonly startWorker: WorkerFactory;
  /** Undefined: the worker fetches the wasm file itself. */
  readonly wasm: Promise<WebAssembly.Module | undefined> | undefined;
  /** A new way to the owner; the one before is dead. */
  onLine(port: RpcPort): void;
  onRole(role: StorageStatus['role']): void;
  onReplaced(): void;
  onDamage(damage: string): void;
}

/** What exists while the page is alive; a page in the back/forward cache, or frozen, has none of it. */
interface Presence {
  worker: Worker;
  readonly lobby: Lobby;
  readonly life: HeldLock | undefined;
  timer: ReturnType<typeof setInterval> | undefined;
  /** Runs until the worker's script does. */
  scriptTimer: ReturnType<typeof setTimeout> | undefined;
  /** The owner that this tab speaks with, or tries to. */
  owner: string | undefined;
  attachment: string | undefined;
  isAttached: boolean;
  /** The owner's file, or the owner itself, is of a newer release. */
  isOutdated: boolean;
  line: BroadcastChannel | MessagePort | undefined;
}

/** One opening of a database in one page: its worker, its line to the owner, its life. */
export class Tab {
  readonly id = randomId();
  readonly #parts: TabParts;
  readonly #names: DatabaseNames;
  #presence: Presence | undefined;
  #isClosed = false;
  #settleOpening: { resolve(): void; reject(error: Error): void } | undefined;
  /** `open` sets it. A later failure rejects the calls that need the database. */
  #isOpen = false;
  #ownerId: string | undefined;

  constructor(parts: TabParts) {
    this.#parts = parts;
    this.#names = namesOf(parts.name, parts.mode === 'memory' ? this.id : undefined);
  }

  /** The owner that this tab is attached to. */
  get ownerId(): string | undefined {
    return this.#ownerId;
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
      this.#watchPage();
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
    const worker = this.#presence?.worker;
    if (worker !== undefined) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, stopWithinMs);
        worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
          if (data.type !== 'stopped') return;
          clearTimeout(timer);
          resolve();
        });
        this.#toWorker({ type: 'stop' });
      });
    }
    this.#vanish();
    this.#parts.onRole('closed');
  }

  tellLobby(message: LobbyMessage): void {
    this.#presence?.lobby.tell(message);
  }

  // ── Life ────────────────────────────────────────────────────────────────────────────────────────────────────────

  #appear(): void {
    const presence: Presence = {
      worker: this.#parts.startWorker(0),
      lobby: enterLobby(this.#names, (message) => this.#hear(message)),
      life: this.#parts.mode === 'memory' ? undefined : holdLock(this.#names.tabLock(this.id)),
      timer: undefined,
      scriptTimer: undefined,
      owner: undefined,
      attachment: undefined,
      isAttached: false,
      isOutdated: false,
      line: undefined,
    };
    this.#presence = presence;
    this.#employ(presence, 0);
    const begin = (): void => {
      if (this.#presence !== presence) return;
      presence.lobby.tell({ type: 'whoOwns' });
      presence.timer = setInterval(() => {
        if (!presence.isAttached) presence.lobby.tell({ type: 'whoOwns' });
      }, askAgainMs);
    };
    // The owner waits for this lock to learn that the tab is gone, so the tab has it before it introduces itself.
    if (presence.life === undefined) begin();
    else presence.life.held.then(begin, () => undefined);
  }

  #employ(presence: Presence, attempt: number): void {
    const { mode, name, release, entities, wasm, startWorker } = this.#parts;
    const { worker } = presence;
    worker.addEventListener('message', ({ data }: MessageEvent<FromWorker>) => {
      if (this.#presence === presence && presence.worker === worker) this.#hearWorker(presence, data);
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      this.#scriptFailed(event.message);
    });
    const isVisible = isPageVisible();
    const sendsWasm = wasm !== undefined;
    this.#toWorker({ type: 'start', name, tab: this.id, release, entities, mode, sendsWasm, isVisible });
    void wasm?.then((module) => {
      if (presence.worker === worker && this.#presence === presence) this.#toWorker({ type: 'wasm', module });
    });
    presence.scriptTimer = setTimeout(() => {
      if (this.#presence !== presence) return;
      if (attempt > 0) {
        this.#scriptFailed(`it did not answer within ${scriptWithinMs} ms, twice`);
        return;
      }
      worker.terminate();
      presence.worker = startWorker(attempt + 1);
      this.#employ(presence, attempt + 1);
    }, scriptWithinMs);
  }

  /** At once, without asking anybody: a page that is put away has no time for an answer. */
  #vanish(): void {
    const presence = this.#presence;
    this.#presence = undefined;
    this.#ownerId = undefined;
    if (presence === undefined) return;
    presence.worker.terminate();
    presence.life?.release();
    clearInterval(presence.timer);
    clearTimeout(presence.scriptTimer);
    presence.line?.close();
    presence.lobby.close();
  }

  readonly #onHide = (): void => {
    this.#vanish();
    this.#parts.onRole('opening');
  };
  readonly #onShow = (): void => {
    if (this.#presence === undefined && !this.#isClosed) this.#appear();
  };
  readonly #onVisibility = (): void => {
    const isVisible = isPageVisible();
    this.#toWorker({ type: 'visibility', isVisible });
    if (isVisible) this.tellLobby({ type: 'visible', tab: this.id });
  };

  #watchPage(): void {
    globalThis.addEventListener('pagehide', this.#onHide);
    globalThis.addEventListener('pageshow', this.#onShow);
    document.addEventListener('freeze', this.#onHide);
    document.addEventListener('resume', this.#onShow);
    document.addEventListener('visibilitychange', this.#onVisibility);
  }

  #unwatchPage(): void {
    globalThis.removeEventListener('pagehide', this.#onHide);
    globalThis.removeEventListener('pageshow', this.#onShow);
    document.removeEventListener('freeze', this.#onHide);
    document.removeEventListener('resume', this.#onShow);
    document.removeEventListener('visibilitychange', this.#onVisibility);
  }

  // ── Messages ────────────────────────────────────────────────────────────────────────────────────────────────────

  #toWorker(message: ToWorker, transfer: Transferable[] = []): void {
    this.#presence?.worker.postMessage(message, transfer);
  }

  #scriptFailed(reason: string): void {
    this.#settleOpening?.reject(
      new BrowserStorageError(
        'workerFailed',
        `The script of the database's worker did not load${reason === '' ? '' : `: ${reason}`}. Check that its address answers with JavaScript and not with a web page; see docs/browser.md`,
      ),
    );
  }

  #hearWorker(presence: Presence, message: FromWorker): void {
    switch (message.type) {
      case 'ready':
        clearTimeout(presence.scriptTimer);
        return;
      case 'owns':
        this.#attach(message, true);
        return;
      case 'failed':
      case 'refused':
        if (!this.#isOpen) this.#settleOpening?.reject(fromStorageFailure(message.failure));
        return;
      case 'stopped':
        return;
      default:
        message satisfies never;
    }
  }

  #hear(message: LobbyMessage): void {
    const presence = this.#presence;
    if (presence === undefined) return;
    switch (message.type) {
      case 'owner':
        // Its own worker tells by itself.
        if (message.tab !== this.id && message.owner !== presence.owner) this.#attach(message, false);
        else if (message.tab !== this.id && !presence.isAttached) this.#introduce(presence, message.owner);
        return;
      case 'opening':
        // Its own worker tells of the end by itself, and may be faster.
        if (message.tab !== this.id) this.#detached(presence);
        return;
      case 'leaving':
        if (message.owner === presence.owner) this.#detached(presence);
        return;
      case 'attached':
        if (message.attachment === presence.attachment && !presence.isAttached) this.#attached(presence, 'follower');
        return;
      case 'refused':
        if (message.attachment === presence.attachment && !this.#isOpen)
          this.#settleOpening?.reject(fromStorageFailure(message.failure));
        return;
      case 'whoIsVisible':
        if (isPageVisible() && message.owner === presence.owner && presence.isAttached)
          presence.lobby.tell({ type: 'visible', tab: this.id });
        return;
      case 'replaced':
        this.#parts.onReplaced();
        return;
      case 'damaged':
        this.#parts.onDamage(message.damage);
        return;
      default:
    }
  }

  #attach({ owner, release }: Pick<Owner, 'owner' | 'release'>, isOwn: boolean): void {
    const presence = this.#presence;
    if (presence === undefined) return;
    presence.isOutdated = lacksMigrations(this.#parts.release, release);
    presence.line?.close();
    presence.owner = owner;
    presence.attachment = randomId();
    presence.isAttached = false;
    if (isOwn) {
      const { port1, port2 } = new MessageChannel();
      presence.line = port1;
      this.#toWorker({ type: 'attach', introduction: this.#introduction(presence.attachment) }, [port2]);
      this.#attached(presence, 'owner');
      return;
    }
    presence.line = new BroadcastChannel(this.#names.line(presence.attachment));
    this.#introduce(presence, owner);
  }

  /** Asks until the owner answers: a message to an owner that is still opening is lost. */
  #introduce(presence: Presence, owner: string): void {
    const { attachment } = presence;
    if (attachment === undefined) return;
    presence.lobby.tell({ type: 'attach', owner, introduction: this.#introduction(attachment) });
  }

  #introduction(attachment: string): Introduction {
    const { release, entities } = this.#parts;
    return { tab: this.id, attachment, release, entities };
  }

  #attached(presence: Presence, role: 'owner' | 'follower'): void {
    if (presence.line === undefined) return;
    presence.isAttached = true;
    this.#ownerId = presence.owner;
    this.#parts.onRole(presence.isOutdated ? 'outdated' : role);
    this.#parts.onLine(presence.line);
    this.#settleOpening?.resolve();
  }

  #detached(presence: Presence): void {
    presence.owner = undefined;
    presence.isAttached = false;
    this.#ownerId = undefined;
    this.#parts.onRole('opening');
  }
}

const isPageVisible = (): boolean => document.visibilityState !== 'hidden';
