import type { Observable } from 'rxjs';

/** Somebody who is subscribed, and what was told so far. */
export interface Follower<T> {
  readonly values: readonly T[];
  readonly error: unknown;
  readonly isOver: boolean;
  /** Resolves when what was told last is so; at once if it is so already. Rejects with the error of the stream. */
  until(reached: (last: T) => boolean): Promise<T>;
  /** Resolves when this many values were told. */
  count(count: number): Promise<readonly T[]>;
  stop(): void;
}

export function follow<T>(stream: Observable<T>): Follower<T> {
  const values: T[] = [];
  const listeners = new Set<() => void>();
  let error: unknown;
  let isOver = false;
  const tell = (): void => listeners.forEach((listener) => listener());
  const subscription = stream.subscribe({
    next: (value) => {
      values.push(value);
      tell();
    },
    error: (thrown: unknown) => {
      error = thrown;
      isOver = true;
      tell();
    },
    complete: () => {
      isOver = true;
      tell();
    },
  });
  const waitFor = <R>(look: () => { readonly found: R } | undefined): Promise<R> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const result = look();
        if (result === undefined && !isOver) return;
        listeners.delete(check);
        if (result !== undefined) resolve(result.found);
        else reject(error instanceof Error ? error : new Error(`the stream is over after ${values.length} values`));
      };
      listeners.add(check);
      check();
    });
  return {
    values,
    get error() {
      return error;
    },
    get isOver() {
      return isOver;
    },
    until: (reached) =>
      waitFor(() => (values.length > 0 && reached(values.at(-1) as T) ? { found: values.at(-1) as T } : undefined)),
    count: (count) => waitFor(() => (values.length >= count ? { found: values.slice(0, count) } : undefined)),
    stop: () => subscription.unsubscribe(),
  };
}

/** Gives everything that is under way its turn: what has not been told after it is not told. */
export async function settled(...statements: readonly (() => Promise<unknown>)[]): Promise<void> {
  for (let turns = 0; turns < 5; turns += 1) {
    for (const statement of statements) await statement();
    await new Promise(setImmediate);
  }
}
