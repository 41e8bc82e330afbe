import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { mutants } from '../mutants/mutants.ts';

const source = (file: string): string => readFileSync(fileURLToPath(new URL(`../../src/${file}`, import.meta.url)), 'utf8');

test('planted faults: the text that each of them changes occurs exactly once in the sources', () => {
  const lost = mutants.flatMap(({ fault, file, edits }) =>
    edits.filter(([from]) => source(file).split(from).length !== 2).map(([from]) => `${fault}: '${from}' does not occur exactly once in src/${file}`),
  );
  expect(lost).toEqual([]);
});
