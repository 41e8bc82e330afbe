import { expect, test } from 'vitest';
import { nameProblem, namesOf } from '../../../src/browser/storage/database-name.ts';

test('different names have different folders, locks and channels, even on case-insensitive file systems', () => {
  const names = ['app', 'App', 'APP', 'a pp', 'a~20pp', 'é', 'e\u0301', '..', '.', '~', 'con', 'app:owner', 'app '];
  const folders = names.map((name) => namesOf(name).directory.toLowerCase());
  expect(new Set(folders).size).toBe(names.length);
  expect(new Set(names.map((name) => namesOf(name).ownerLock)).size).toBe(names.length);
  for (const folder of folders) expect(folder).toMatch(/^synchart\/[a-z0-9_~-]+$/);
});

test('an in-memory database has a different name in each tab', () => {
  expect(namesOf('app', 'tab1').lobby).not.toBe(namesOf('app', 'tab2').lobby);
  expect(namesOf('app', 'tab1').lobby).not.toBe(namesOf('app').lobby);
});

test('rejects a name that cannot name a file, with the reason', () => {
  expect(nameProblem(undefined)).toMatch(/must be a text/);
  expect(nameProblem('  ')).toMatch(/empty/);
  expect(nameProblem('a/b')).toMatch(/slash/);
  expect(nameProblem('a\nb')).toMatch(/control character/);
  expect(nameProblem('\ud800')).toMatch(/half a character/);
  expect(nameProblem('☃'.repeat(30))).toMatch(/too long for the name of a folder/);
  expect(nameProblem('x'.repeat(100))).toBeUndefined();
  expect(() => namesOf('')).toThrow(RangeError);
});
