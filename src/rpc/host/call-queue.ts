import type { Clock } from '../../model/platform/clock.ts';

/** The calls of one client, one after another in the order of their arrival. */
export class CallQueue {
  readonly #clock: Clock;
  readonly #waiting: (() => Promise<void>)[] = [];
  #loop: Promise<void> | undefined;
  #isRunning = false;
  #activeAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#activeAt = clock.now();
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** When the last call ended, epoch ms. */
  get activeAt(): number {
    return this.#activeAt;
  }

  add(call: () => Promise<void>): void {
    this.#waiting.push(call);
    this.#loop ??= this.#work();
  }

  /** Drops what has not begun. */
  clear(): void {
    this.#waiting.length = 0;
  }

  /** Resolves when all calls have ended. */
  async finished(): Promise<void> {
    while (this.#loop !== undefined) await this.#loop;
  }

  async #work(): Promise<void> {
    for (let call = this.#waiting.shift(); call !== undefined; call = this.#waiting.shift()) {
      this.#isRunning = true;
      // Calls answer their own failures. A ROLLBACK that fails is tried again when somebody waits for it.
      await call().catch(() => undefined);
      this.#isRunning = false;
      this.#activeAt = this.#clock.now();
    }
    this.#loop = undefined;
  }
}
