import type { Clock } from '../model/platform/clock.ts';
import { yieldTurn } from '../model/platform/yield-turn.ts';
import { createSimulatedClock, type SimulatedClock } from '../testing/simulated-clock.ts';

const usualStart = Date.UTC(2026, 0, 1);
/**
 * Idle turns of the event loop after which nothing moves any more. No part of the engine waits for more turns in a row.
 */
const quietTurns = 8;

/** The reason why a simulation ended: a violated invariant. */
export class SimulationViolation extends Error {
  override readonly name = 'SimulationViolation';
  constructor(
    /** The invariant's number, or `liveness`, `determinism`, `crash`. */
    readonly invariant: string,
    message: string,
  ) {
    super(`${invariant}: ${message}`);
  }
}

/** The single time of a simulation. It moves from timer to timer, and only when all promises have come to rest. */
export class VirtualTime {
  readonly #clock: SimulatedClock;
  #activity = 0;
  #sinceMoved = 0;
  #held = 0;
  #violation: SimulationViolation | undefined;

  /** Start time, epoch ms. */
  constructor(private readonly startAt: number = usualStart) {
    this.#clock = createSimulatedClock(startAt);
  }

  now(): number {
    return this.#clock.now();
  }

  /** Ms since the start. */
  get elapsed(): number {
    return this.#clock.now() - this.startAt;
  }

  /** Stores a violation. The next move of the time throws it. */
  fail(violation: SimulationViolation): void {
    this.#violation ??= violation;
  }

  /** Reports activity, which extends a wait for rest. */
  touch(): void {
    this.#activity += 1;
    this.#sinceMoved += 1;
  }

  setTimeout(callback: () => void, delayMs: number): number {
    return this.#clock.setTimeout(callback, delayMs);
  }

  clearTimeout(handle: unknown): void {
    this.#clock.clearTimeout(handle);
  }

  /** Stops the time until the work is complete, however many turns of the event loop it takes. */
  async hold<T>(work: Promise<T>): Promise<T> {
    this.#held += 1;
    try {
      return await work;
    } finally {
      this.#held -= 1;
      this.#activity += 1;
    }
  }

  /** Runs everything that needs no time. Throws if it never ends (I8). */
  async quiet(): Promise<void> {
    let seen = this.#activity;
    for (let idle = 0; idle < quietTurns; idle += 1) {
      await yieldTurn();
      if (this.#violation !== undefined) throw this.#violation;
      if (this.#activity === seen && this.#held === 0) continue;
      seen = this.#activity;
      idle = -1;
      if (this.#sinceMoved > 20_000)
        throw new SimulationViolation('I8', 'it spins: 20,000 statements and requests without any time passing');
    }
  }

  /** Advances by `ms`, timer by timer; `until` ends it early. */
  async advance(ms: number, until: () => boolean = () => false): Promise<void> {
    const target = this.#clock.now() + ms;
    await this.quiet();
    while (!until()) {
      const due = this.#clock.nextDue;
      if (due === undefined || due > target) break;
      this.#sinceMoved = due > this.#clock.now() ? 0 : this.#sinceMoved;
      this.#activity += 1;
      this.#clock.set(Math.max(due, this.#clock.now()));
      await this.quiet();
    }
    if (!until() && target > this.#clock.now()) this.#clock.set(target);
  }
}

/** The clock of one process: offset by its own error, silent after the process dies, and late while it is frozen. */
export class ProcessClock implements Clock {
  skewMs = 0;
  isDead = false;
  #frozen: (() => void)[] | undefined;
  readonly #timers = new Map<number, number>();
  #lastTimer = 0;

  constructor(
    private readonly time: VirtualTime,
    skewMs: number,
  ) {
    this.skewMs = skewMs;
  }

  now(): number {
    return Math.floor(this.time.now() + this.skewMs);
  }

  setTimeout(callback: () => void, delayMs: number): unknown {
    this.time.touch();
    this.#lastTimer += 1;
    const id = this.#lastTimer;
    const inTime = (): void => {
      // It may have been cleared while the process was frozen.
      if (this.#timers.delete(id)) callback();
    };
    this.#timers.set(
      id,
      this.time.setTimeout(() => this.whenAwake(inTime), delayMs),
    );
    return id;
  }

  clearTimeout(handle: unknown): void {
    if (typeof handle !== 'number') return;
    this.time.clearTimeout(this.#timers.get(handle));
    this.#timers.delete(handle);
  }

  get isFrozen(): boolean {
    return this.#frozen !== undefined;
  }

  freeze(): void {
    this.#frozen ??= [];
  }

  thaw(): void {
    const late = this.#frozen ?? [];
    this.#frozen = undefined;
    for (const callback of late) callback();
  }

  /** Runs the callback now, or when the process continues; never if it is dead. */
  whenAwake(callback: () => void): void {
    if (this.isDead) return;
    this.time.touch();
    if (this.#frozen === undefined) callback();
    else this.#frozen.push(() => this.whenAwake(callback));
  }
}
