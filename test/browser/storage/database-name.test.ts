import { expect, test } from 'vitest';
import { nameProblem, namesOf } from '../../../src/browser/storage/database-name.ts';

test('names that differ have folders, locks and channels that differ, also where files ignore case', () => {
  const names = ['app', 'App', 'APP', 'a pp', 'a~20pp', 'é', 'e\u0301', '..', '.', '~', 'con', 'app:owner', 'app '];
  const folders = names.map((name) => namesOf(name).directory.toLowerCase());
  expect(new Set(folders).size).toBe(names.length);
  expect(new Set(names.map((name) => namesOf(name).ownerLock)).size).toBe(names.length);
  for (const folder of folders) expect(folder).toMatch(/^synchart\/[a-z0-9_~-]+$/);
});

test('a database in memory has names of its own in each tab', () => {
  expect(namesOf('app', 'tab1').lobby).not.toBe(namesOf('app', 'tab2').lobby);
  expect(namesOf('app', 'tab1').lobby).not.toBe(namesOf('app').lobby);
});

test('refuses what cannot name a file, and says why', () => {
  expect(nameProblem(undefined)).toMatch(/must be a text/);
  expect(nameProblem('  ')).toMatch(/empty/);
  expect(nameProblem('a/b')).toMatch(/slash/);
  expect(nameProblem('a\nb')).toMatch(/control character/);
  expect(nameProblem('\ud800')).toMatch(/half a character/);
  expect(nameProblem('☃'.repeat(30))).toMatch(/too long for the name of a folder/);
  expect(nameProblem('x'.repeat(100))).toBeUndefined();
  expect(() => namesOf('')).toThrow(RangeError);
});
