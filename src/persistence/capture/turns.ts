/** Lets work of one mode run concurrently, and delays work of another mode until it has ended. */
export class Turns {
  #mode: unknown;
  #running = 0;
  #waiting: (() => void)[] = [];

  async run<T>(mode: unknown, work: () => Promise<T>): Promise<T> {
    while (this.#running > 0 && this.#mode !== mode) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
      });
    }
    this.#mode = mode;
    this.#running += 1;
    try {
      return await work();
    } finally {
      this.#running -= 1;
      if (this.#running === 0) {
        const waiting = this.#waiting;
        this.#waiting = [];
        for (const resume of waiting) resume();
      }
    }
  }
}
