import type { BrowserContext } from 'playwright';

interface StoredNote {
  readonly tab: string;
  readonly n: number;
  readonly part: string;
}

const partsOf = (n: number): readonly string[] => (n % 4 === 3 ? ['first', 'second'] : ['only']);

type Entry = readonly [tab: string, n: number, isStored: boolean, error: string];

/** Every write that was acknowledged to a page, kept outside of the browser. */
export class WrittenLog {
  readonly #stored = new Map<string, Set<number>>();
  readonly #refused = new Map<string, Map<number, string>>();
  /** The times of acknowledged writes by tab, in ms. */
  readonly #times: { readonly tab: string; readonly at: number }[] = [];

  async listenTo(context: BrowserContext): Promise<void> {
    await context.exposeFunction('wrote', (...entry: Entry) => this.note([entry]));
  }

  /** Records what a page learned about its writes. */
  note(entries: readonly Entry[]): void {
    for (const [tab, n, isStored, error] of entries) {
      if (isStored) {
        this.#stored.set(tab, (this.#stored.get(tab) ?? new Set()).add(n));
        this.#times.push({ tab, at: performance.now() });
      } else this.#refused.set(tab, (this.#refused.get(tab) ?? new Map<number, string>()).set(n, error));
    }
  }

  get acknowledged(): number {
    return [...this.#stored.values()].reduce((sum, writes) => sum + writes.size, 0);
  }

  get refusals(): readonly string[] {
    return [...this.#refused.values()].flatMap((writes) => [...writes.values()]);
  }

  acknowledgedBy(tab: string): number {
    return this.#stored.get(tab)?.size ?? 0;
  }

  /** The time from `at` to the first acknowledged write of these tabs, in ms. */
  firstAfter(at: number, tabs: readonly string[]): number | undefined {
    const found = this.#times.find((entry) => entry.at > at && tabs.includes(entry.tab));
    return found && found.at - at;
  }

  /** The longest time since `at` without an acknowledged write of these tabs, in ms. */
  longestSilence(at: number, tabs: readonly string[]): number {
    let last = at;
    let longest = 0;
    for (const entry of this.#times) {
      if (entry.at <= at || !tabs.includes(entry.tab)) continue;
      longest = Math.max(longest, entry.at - last);
      last = entry.at;
    }
    return longest;
  }

  /** Errors in the rows: lost, doubled, partial, or stored although the page was told otherwise. */
  complaints(rows: readonly StoredNote[]): readonly string[] {
    const found = new Map<string, number>();
    for (const { tab, n, part } of rows) {
      const key = `${tab} ${n} ${part}`;
      found.set(key, (found.get(key) ?? 0) + 1);
    }
    const count = (tab: string, n: number, part: string): number => found.get(`${tab} ${n} ${part}`) ?? 0;
    const complaints: string[] = [];
    for (const [tab, writes] of this.#stored)
      for (const n of writes)
        for (const part of partsOf(n)) if (count(tab, n, part) === 0) complaints.push(`lost: ${tab} ${n} ${part}`);
    for (const [key, times] of found) if (times > 1) complaints.push(`doubled: ${key}`);
    for (const { tab, n, part } of rows)
      for (const other of partsOf(n)) if (count(tab, n, other) === 0) complaints.push(`half: ${tab} ${n} ${part}`);
    for (const [tab, writes] of this.#refused)
      for (const n of writes.keys())
        for (const part of partsOf(n))
          if (count(tab, n, part) > 0) complaints.push(`stored though refused: ${tab} ${n} ${part}`);
    return complaints;
  }
}
