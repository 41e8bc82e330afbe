import type { Clock } from '../../model/platform/clock.ts';
import { busyDelayMs, isBusyError } from '../drivers/busy-database.ts';
import type { DriverProfile } from '../drivers/driver-profile.ts';
import { GateLock, type LockHolder } from './gate-lock.ts';

interface TurnSettings {
  readonly profile: DriverProfile;
  readonly clock: Clock;
  readonly busyTimeoutMs: number;
  readonly gateTimeoutMs: number;
  readonly readsAtOnce: () => number;
}

/** Schedules the connection: one transaction or write at a time, reads together. Waits while the database is busy. */
export class ConnectionTurns {
  readonly #profile: DriverProfile;
  readonly #clock: Clock;
  readonly #busyTimeoutMs: number;
  readonly #lock: GateLock;

  constructor({ profile, clock, busyTimeoutMs, gateTimeoutMs, readsAtOnce }: TurnSettings) {
    this.#profile = profile;
    this.#clock = clock;
    this.#busyTimeoutMs = busyTimeoutMs;
    this.#lock = new GateLock(clock, gateTimeoutMs, readsAtOnce);
  }

  get waiting(): number {
    return this.#lock.waiting;
  }

  /** Undefined: the connection was free and now belongs to the holder. */
  acquire(holder: LockHolder): Promise<void> | undefined {
    return this.#lock.acquire(holder);
  }

  release(holder: LockHolder): void {
    this.#lock.release(holder);
  }

  /** Runs a write outside a transaction. */
  async write<T>(run: () => Promise<T>): Promise<T> {
    const holder: LockHolder = { running: 1, activeAt: 0 };
    const turn = this.#lock.acquire(holder);
    if (turn !== undefined) await turn;
    try {
      return await run().catch((error: unknown) => this.retryWhileBusy(error, run));
    } finally {
      this.#lock.release(holder);
    }
  }

  /** Runs a read. While the database is busy, the read does not block others behind it. */
  async read<T>(run: () => Promise<T>): Promise<T> {
    let failedAt: number | undefined;
    for (let attempts = 0; ; attempts += 1) {
      const holder: LockHolder = { running: 1, activeAt: 0 };
      const turn = this.#lock.acquire(holder, true);
      if (turn !== undefined) await turn;
      try {
        return await run();
      } catch (error) {
        failedAt ??= this.#clock.now();
        if (!this.#isBusy(error) || this.#clock.now() - failedAt >= this.#busyTimeoutMs) throw error;
      } finally {
        this.#lock.release(holder);
      }
      await this.#pause(attempts);
    }
  }

  /** Retries after a first failed attempt of the holder. Reads may use the connection between the attempts. */
  async retryWhileBusy<T>(first: unknown, attempt: () => T | Promise<T>): Promise<T> {
    const begunAt = this.#clock.now();
    let failure = first;
    for (let attempts = 0; this.#isBusy(failure) && this.#clock.now() - begunAt < this.#busyTimeoutMs; attempts += 1) {
      this.#lock.park();
      await this.#pause(attempts);
      await this.#lock.unpark();
      try {
        return await attempt();
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  #isBusy(error: unknown): boolean {
    return isBusyError(error, this.#profile.isBusyCode);
  }

  #pause(attempts: number): Promise<void> {
    return new Promise<void>((resolve) => {
      this.#clock.setTimeout(resolve, busyDelayMs(attempts));
    });
  }
}
