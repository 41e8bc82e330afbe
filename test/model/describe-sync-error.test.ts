import { expect, test } from 'vitest';
import { describeSyncError } from '../../src/model/errors/describe-sync-error.ts';
import {
  AuthError,
  ConflictError,
  DatabaseError,
  MaxRetriesExceededError,
  NetworkError,
  ParseError,
  ScopeChangedError,
  SyncAbortedError,
  SyncError,
  syncErrorInfo,
  SyncOperationError,
  TransportError,
  ValidationError,
} from '../../src/model/errors/errors.ts';

const http = (status: number): TransportError => TransportError.httpError(status, '{"secret":"jwt"}');

test.each<[category: string, error: unknown, text: RegExp]>([
  ['network', new NetworkError('ECONNREFUSED 127.0.0.1'), /cannot be reached.*kept and will be sent later/],
  ['timeout', new NetworkError('late', { timedOut: true }), /did not answer in time.*kept/],
  ['timeout', http(408), /did not answer in time.*kept/],
  ['auth', new AuthError('jwt expired'), /sign in again.*kept/],
  ['auth', http(401), /sign in again.*kept/],
  ['auth', http(403), /do not have permission.*kept/],
  ['server', http(500), /server has a problem.*kept/],
  ['server', http(501), /server has a problem.*kept/],
  ['rateLimit', http(429), /asks the app to wait.*kept/],
  ['parse', new ParseError('<html>'), /does not understand.*needs a fix.*kept/],
  ['parse', new ParseError('<html>', { isHtml: true }), /sign in to the network.*kept/],
  ['database', new DatabaseError('SQLITE_FULL'), /this device/],
  ['conflict', new ConflictError('nobody', 'todos', 'secret'), /Somebody else.*kept/],
  ['conflict', http(409), /Somebody else.*kept/],
  ['validation', http(422), /did not accept.*kept; correct it/],
  ['validation', http(413), /too large.*kept; shorten it/],
  ['validation', new ValidationError('secret has no id'), /cannot be saved as it is\. Nothing was changed/],
  ['unknown', new SyncAbortedError('disposed'), /was stopped.*kept/],
  ['unknown', http(418), /failed.*kept/],
  ['unknown', http(404), /does not know the address.*kept/],
  ['unknown', new ScopeChangedError('secret', 'sync'), /belongs to another account or server.*kept/],
  ['unknown', new Error('boom'), /failed.*kept/],
  ['unknown', undefined, /failed.*kept/],
  ['unknown', { category: 'no category of ours' }, /failed.*kept/],
])('ERR-10 … ERR-17, %s: %s', (category, error, text) => {
  expect(syncErrorInfo(error).category).toBe(category);
  expect(describeSyncError(error)).toMatch(text);
  // Nothing of the error's own words, however deep it lies.
  const wrapped = new SyncOperationError('secret', 'push', 'op1', {
    cause: new MaxRetriesExceededError('secret', 6, 5, { cause: error }),
  });
  for (const each of [error, wrapped, syncErrorInfo(error)])
    expect(describeSyncError(each)).not.toMatch(/ECONN|jwt|html|SQLITE|secret|boom|\d{3}/);
});

test('describes events and status like the error itself', () => {
  for (const error of [
    new NetworkError('x'),
    http(403),
    http(413),
    http(429),
    new ParseError('x'),
    new ScopeChangedError('x', 'sync'),
  ])
    expect(describeSyncError(syncErrorInfo(error))).toBe(describeSyncError(error));
});

const now = Date.UTC(2026, 0, 1);
test.each<[leftMs: number, text: string]>([
  [-5_000, 'The next attempt starts now.'],
  [999, 'The next attempt starts now.'],
  [1_000, 'The next attempt is in 1 second.'],
  [45_400, 'The next attempt is in 45 seconds.'],
  [90_000, 'The next attempt is in 90 seconds.'],
  [120_000, 'The next attempt is in 2 minutes.'],
  [90 * 60_000, 'The next attempt is in 90 minutes.'],
  [7_200_000, 'The next attempt is in 2 hours.'],
  [3 * 86_400_000, 'The next attempt is in 3 days.'],
])('%i ms before the next try', (leftMs, text) => {
  expect(describeSyncError(new NetworkError('x'), { now, retryAt: now + leftMs })).toBe(
    `${describeSyncError(new NetworkError('x'))} ${text}`,
  );
});

test("shows an error's own retry time, as a time of day if the present is unknown, and none without a retry", () => {
  const retryAt = now + 120_000;
  const throttled = new TransportError('slow down', 429, undefined, { retryAfterMs: 120_000, retryAt });
  expect(syncErrorInfo(throttled)).toMatchObject({ category: 'rateLimit', retryAt });
  expect(describeSyncError(throttled, { now })).toMatch(/in 2 minutes\.$/);
  expect(describeSyncError(new SyncError('wrapped', { cause: throttled }), { now: now + 60_000 })).toMatch(
    /in 60 seconds\.$/,
  );
  expect(describeSyncError(throttled, { now, retryAt: now + 3_000 })).toMatch(/in 3 seconds\.$/);
  expect(describeSyncError(throttled)).toContain(
    `at ${new Date(retryAt).toLocaleTimeString([], { timeStyle: 'short' })}.`,
  );
  for (const error of [new AuthError('x'), http(422), new DatabaseError('x')])
    expect(describeSyncError(error, { now, retryAt })).toBe(describeSyncError(error));
  expect(describeSyncError(new NetworkError('x'), { now, retryAt: Number.NaN })).toBe(
    describeSyncError(new NetworkError('x')),
  );
});
