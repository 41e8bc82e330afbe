import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const text = readFileSync(`${root}docs/parity.md`, 'utf8');
const rows = [...text.matchAll(/^\| ([A-Z]{2,4}-\d+) \| (.*) \| (.*) \| (.*) \|$/gm)].map(
  ([, number = '', behaviour = '', where = '', proof = '']) => ({
    number,
    behaviour,
    where,
    proof,
  }),
);
const pathIn = (cell: string): string | undefined => /^`(test\/[^`]+\.test\.ts)`$/.exec(cell)?.[1];

/** The number itself, or a range of the same letters that it lies in. */
const mentions = (path: string, number: string): boolean => {
  const [letters = '', digits = ''] = number.split('-');
  const wanted = Number(digits);
  const pattern = new RegExp(`\\b${letters}-(\\d+)(?:\\s*…\\s*(?:${letters}-)?(\\d+))?`, 'g');
  return [...readFileSync(root + path, 'utf8').matchAll(pattern)].some(
    ([, from, to]) => Number(from) <= wanted && wanted <= Number(to ?? from),
  );
};

test('parity: lists every behaviour once, with a test, a reason, or a statement that it has none', () => {
  expect(rows.length).toBe(467);
  expect(new Set(rows.map(({ number }) => number)).size).toBe(rows.length);
  const unclear = rows.filter(({ proof, where }) => {
    if (proof === '–') return !where.startsWith('not built');
    return proof !== 'no test by number' && pathIn(proof) === undefined;
  });
  expect(unclear).toEqual([]);
});

test('parity: each named test exists and mentions the number', () => {
  const broken = rows.filter(({ number, proof }) => {
    const path = pathIn(proof);
    return path !== undefined && !(existsSync(root + path) && mentions(path, number));
  });
  expect(broken).toEqual([]);
});

test('parity: each named source exists', () => {
  const missing = rows
    .flatMap(({ where }) => [...where.matchAll(/`((?:src|examples)[^`]*)`/g)].map(([, path = '']) => path))
    .filter((path) => !existsSync(root + path));
  expect([...new Set(missing)]).toEqual([]);
});

test('parity: the totals match the table, and the number of untested behaviours does not grow', () => {
  const none = rows.filter(({ proof }) => proof === 'no test by number').length;
  const notBuilt = rows.filter(({ proof }) => proof === '–').length;
  expect(text).toContain(
    `${rows.length} behaviours: ${rows.length - none - notBuilt} with a test by number, ${none} without, ${notBuilt} not built.`,
  );
  expect(none).toBeLessThanOrEqual(27);
});
