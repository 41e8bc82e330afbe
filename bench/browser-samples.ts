import { median } from './race.ts';

/** What was measured, by measure and contender: one list of times or speeds to a round. */
export class Samples {
  readonly #rounds = new Map<string, number[][]>();

  add(measure: string, contender: string, values: readonly number[]): void {
    const key = `${measure}\n${contender}`;
    const rounds = this.#rounds.get(key) ?? [];
    rounds.push([...values]);
    this.#rounds.set(key, rounds);
  }

  all(measure: string, contender: string): readonly number[] {
    return this.#rounds.get(`${measure}\n${contender}`)?.flat() ?? [];
  }

  /** Median of the rounds, each of them reduced to one number, with the lowest and the highest. */
  of(measure: string, contender: string, reduce: (values: readonly number[]) => number = sum): Spread | undefined {
    const rounds = this.#rounds.get(`${measure}\n${contender}`)?.map(reduce);
    if (rounds === undefined) return undefined;
    return { median: median(rounds), least: Math.min(...rounds), most: Math.max(...rounds) };
  }
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);

export const shareOf =
  (share: number) =>
  (values: readonly number[]): number =>
    [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** "2.00 (1.50–3.00)" */
export const spreadText = (spread: Spread | undefined, digits: number): string => {
  if (spread === undefined) return '–';
  const text = (value: number): string =>
    value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${text(spread.median)} (${text(spread.least)}–${text(spread.most)})`;
};
