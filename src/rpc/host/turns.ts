import type { Clock } from '../../model/platform/clock.ts';

/** Who has the connection, or waits for it. */
export interface TurnHolder {
  /** When its last statement began or ended, epoch ms; undefined while one runs. */
  readonly silentSince: number | undefined;
  /** Called when others have waited too long for a silent holder: it has to end its turn. */
  onIdle(): void;
}

interface Waiter {
  readonly holder: TurnHolder;
  readonly since: number;
  readonly grant: (isGranted: boolean) => void;
}

/**
 * Hands the one connection to one client at a time, first come first served. Nobody reads while another's transaction is
 * open: on one connection it would see rows that are not committed.
 */
export class Turns {
  #holder: TurnHolder | undefined;
  #queue: Waiter[] = [];
  #watch: unknown;
  #whenFree: (() => void)[] = [];

  constructor(
    private readonly clock: Clock,
    private readonly idleTimeoutMs: number,
  ) {}

  get waiting(): number {
    return this.#queue.length;
  }

  /** Undefined: granted at once. The promise is false where the wait was called off. */
  acquire(holder: TurnHolder): Promise<boolean> | undefined {
    if (this.#holder === undefined && this.#queue.length === 0) {
      this.#holder = holder;
      return undefined;
    }
    return new Promise((grant) => {
      this.#queue.push({ holder, since: this.clock.now(), grant });
      this.#startWatching();
    });
  }

  release(holder: TurnHolder): void {
    if (this.#holder !== holder) return;
    const next = this.#queue.shift();
    this.#holder = next?.holder;
    next?.grant(true);
    if (this.#queue.length === 0) this.#stopWatching();
    if (this.#holder === undefined) for (const tell of this.#whenFree.splice(0)) tell();
  }

  /** Resolves when nobody has the connection. */
  free(): Promise<void> {
    return this.#holder === undefined ? Promise.resolve() : new Promise((resolve) => void this.#whenFree.push(resolve));
  }

  /** Takes a holder out of the queue: its client is gone. */
  callOff(holder: TurnHolder): void {
    const [gone, staying] = [
      this.#queue.filter((waiter) => waiter.holder === holder),
      this.#queue.filter((waiter) => waiter.holder !== holder),
    ];
    this.#queue = staying;
    for (const { grant } of gone) grant(false);
    if (staying.length === 0) this.#stopWatching();
  }

  #startWatching(delayMs = this.idleTimeoutMs): void {
    this.#watch ??= this.clock.setTimeout(() => this.#look(), delayMs);
  }

  #stopWatching(): void {
    if (this.#watch === undefined) return;
    this.clock.clearTimeout(this.#watch);
    this.#watch = undefined;
  }

  #look(): void {
    this.#watch = undefined;
    const first = this.#queue[0];
    const holder = this.#holder;
    if (first === undefined || holder === undefined) return;
    const now = this.clock.now();
    const idleMs = holder.silentSince === undefined ? 0 : now - Math.max(first.since, holder.silentSince);
    if (idleMs >= this.idleTimeoutMs) holder.onIdle();
    if (this.#queue.length > 0) this.#startWatching(Math.max(1, this.idleTimeoutMs - idleMs));
  }
}
