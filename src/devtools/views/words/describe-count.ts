/** A number of things in words, such as `1 entry` or `12,000 entries`. */
export const describeCount = (count: number, one: string, several = `${one}s`): string =>
  `${count.toLocaleString('en')} ${count === 1 ? one : several}`;
