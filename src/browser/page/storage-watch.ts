import type { Observable } from 'rxjs';
import type { StorageMode, StorageStatus } from '../../model/storage-status.ts';
import { createHub } from '../../model/platform/isolated-observable.ts';

/** Keeps the status of the storage, and tells of each change. */
export class StorageWatch {
  #status: StorageStatus;
  readonly #hub = createHub(() => this.#status);

  constructor(first: StorageStatus) {
    this.#status = first;
  }

  get status(): StorageStatus {
    return this.#status;
  }

  get changes(): Observable<StorageStatus> {
    return this.#hub.stream;
  }

  /** Where the data lies; `reason` says why not in a file. */
  noteMode(mode: StorageMode, reason: string | undefined): void {
    const { reason: _, ...status } = this.#status;
    this.#set({ ...status, mode, ...(reason === undefined ? {} : { reason }) });
  }

  note(change: Partial<StorageStatus>): void {
    this.#set({ ...this.#status, ...change });
  }

  #set(status: StorageStatus): void {
    const names = Object.keys({ ...this.#status, ...status }) as (keyof StorageStatus)[];
    if (names.every((name) => status[name] === this.#status[name])) return;
    this.#status = status;
    this.#hub.tell(status);
  }

  /** Asks the browser how much is used, and what it has promised. A browser that cannot say changes nothing. */
  async look(): Promise<void> {
    if (this.#status.mode === 'memory') return;
    try {
      const [{ quota, usage }, persisted] = await Promise.all([
        navigator.storage.estimate(),
        navigator.storage.persisted(),
      ]);
      this.note({
        persisted,
        ...(quota === undefined ? {} : { quota }),
        ...(usage === undefined ? {} : { usage }),
      });
    } catch {
      // The estimate is a courtesy.
    }
  }

  /** Asks the browser not to evict the file. Some ask the user, so this waits for something worth keeping. */
  async persist(): Promise<void> {
    if (this.#status.mode === 'memory' || this.#status.persisted) return;
    let isPromised = false;
    try {
      isPromised = await navigator.storage.persist();
    } catch {
      // A refusal is an answer: `persisted` stays false.
    }
    if (!isPromised) this.note({ persistRefused: true });
    await this.look();
  }

  end(): void {
    this.note({ role: 'closed' });
    this.#hub.complete();
  }
}
