import type { Clock } from '../../model/platform/clock.ts';
import { DatabaseError } from '../../model/errors/errors.ts';

/**
 * The owner of the connection. The number of `running` statements, and when the last one started or ended (epoch ms),
 * distinguish a busy owner from an idle one.
 */
export interface LockHolder {
  running: number;
  activeAt: number;
}

interface Waiter {
  readonly holder: LockHolder;
  readonly readsOnly: boolean;
  readonly since: number;
  readonly grant: () => void;
  readonly refuse: (error: DatabaseError) => void;
}

/**
 * Gives one connection to one owner at a time, in order of arrival; up to `readsAtOnce` reads share it. Rejects a
 * waiter with a remedy if its blocker runs no statement for `timeoutMs`. A forgotten manager or leaked transaction thus
 * never hangs an app silently (F-131).
 */
export class GateLock {
  #holder: LockHolder | undefined;
  /** The readers that share the connection; it has no single owner then. */
  readonly #readers = new Set<LockHolder>();
  /**
   * Nothing is open on the connection while the owner sleeps between attempts on a busy database, so reads may pass.
   */
  #parked = false;
  #guests = 0;
  #guestsGone: (() => void) | undefined;
  #queue: Waiter[] = [];
  #watch: unknown;

  constructor(
    private readonly clock: Clock,
    private readonly timeoutMs: number,
    private readonly readsAtOnce: () => number = () => 1,
  ) {}

  get waiting(): number {
    return this.#queue.length;
  }

  /** Returns undefined if the lock was free, so that the common case costs no turn of the event loop. */
  acquire(holder: LockHolder, readsOnly = false): Promise<void> | undefined {
    if (readsOnly && this.#parked) {
      this.#guests += 1;
      return undefined;
    }
    // If reads overtook a waiting transaction, a stream of reads would starve it.
    if (this.#queue.length === 0 && this.#isFreeFor(readsOnly)) {
      this.#give(holder, readsOnly);
      return undefined;
    }
    return new Promise((grant, refuse) => {
      this.#queue.push({ holder, readsOnly, since: this.clock.now(), grant, refuse });
      this.#watch ??= this.clock.setTimeout(() => this.#refuseStarved(), this.timeoutMs);
    });
  }

  release(holder: LockHolder): void {
    if (holder === this.#holder) this.#holder = undefined;
    else if (!this.#readers.delete(holder)) {
      this.#guests -= 1;
      if (this.#guests === 0) this.#guestsGone?.();
      return;
    }
    let next = this.#queue[0];
    while (next !== undefined && this.#isFreeFor(next.readsOnly)) {
      this.#queue.shift();
      this.#give(next.holder, next.readsOnly);
      next.grant();
      next = this.#queue[0];
    }
    if (this.#queue.length === 0) this.#stopWatching();
  }

  /** Lets reads pass until `unpark`. The owner keeps its place. */
  park(): void {
    this.#parked = true;
    const staying: Waiter[] = [];
    for (const waiter of this.#queue) {
      if (!waiter.readsOnly) {
        staying.push(waiter);
        continue;
      }
      this.#guests += 1;
      waiter.grant();
    }
    this.#queue = staying;
  }

  /** Takes the connection back after the reads that passed have ended. */
  async unpark(): Promise<void> {
    this.#parked = false;
    if (this.#guests > 0)
      await new Promise<void>((resolve) => {
        this.#guestsGone = resolve;
      });
    this.#guestsGone = undefined;
  }

  #isFreeFor(readsOnly: boolean): boolean {
    if (this.#holder !== undefined) return false;
    return this.#readers.size === 0 || (readsOnly && this.#readers.size < this.readsAtOnce());
  }

  #give(holder: LockHolder, readsOnly: boolean): void {
    holder.activeAt = this.clock.now();
    if (readsOnly) this.#readers.add(holder);
    else this.#holder = holder;
  }

  #stopWatching(): void {
    if (this.#watch === undefined) return;
    this.clock.clearTimeout(this.#watch);
    this.#watch = undefined;
  }

  #refuseStarved(): void {
    this.#watch = undefined;
    const now = this.clock.now();
    const silentSince = this.#holder === undefined || this.#holder.running > 0 ? now : this.#holder.activeAt;
    const waitedMs = (waiter: Waiter): number => now - Math.max(waiter.since, silentSince);
    const starved = this.#queue.filter((waiter) => waitedMs(waiter) >= this.timeoutMs);
    this.#queue = this.#queue.filter((waiter) => waitedMs(waiter) < this.timeoutMs);
    const first = this.#queue[0];
    if (first !== undefined)
      this.#watch = this.clock.setTimeout(() => this.#refuseStarved(), this.timeoutMs - waitedMs(first));
    for (const waiter of starved) waiter.refuse(this.#starvedError());
  }

  #starvedError(): DatabaseError {
    return new DatabaseError(
      `Waited ${this.timeoutMs} ms for the database: another transaction on this connection is open and has run no statement in that time. ` +
        'Inside a transaction, run every query with the manager passed to the transaction callback (or with the query runner that began it), ' +
        'do not await other database work there, and commit or roll back what a query runner began.',
    );
  }
}
