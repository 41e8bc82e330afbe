import { expect, test } from 'vitest';
import { createPostgresDatabase, postgresUrl } from '../../support/open-postgres.ts';

test('requests the server', async () => {
  expect(await postgresUrl()).toContain('postgres://');
});

test('requests a database', async () => {
  expect(await createPostgresDatabase()).toContain('postgres://');
});

test('needs no database', () => {
  expect(1 + 1).toBe(2);
});
