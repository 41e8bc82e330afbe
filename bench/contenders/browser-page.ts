/** What every page of bench/browser.ts offers; a time is in ms. */
export interface BrowserContender {
  /** Opens an empty database and pulls all rows of the server that the page comes from. */
  pull(name: string): Promise<{ readonly ms: number; readonly rows: number }>;
  /** So many writes of one kind, one after the other, on rows from the given place on; the time of each. */
  write(kind: string, from: number, count: number): Promise<readonly number[]>;
  /** Makes a database to open: so many rows, so many operations that wait. */
  fill(name: string, rows: number, queued: number): Promise<void>;
  /** Opens a database that is there. */
  open(name: string): Promise<number>;
}

export const pageSize = 500;

/** Runs the works one after the other and gives the time of each. */
export async function timeEach(count: number, work: (index: number) => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const from = performance.now();
    await work(index);
    times.push(performance.now() - from);
  }
  return times;
}

export async function timeOf(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

export const offer = (contender: BrowserContender): void => void Object.assign(globalThis, { contender });
