import { describe, expect, test } from 'vitest';
import {
  AuthError,
  ConflictError,
  DatabaseError,
  MaxRetriesExceededError,
  NetworkError,
  ParseError,
  SyncError,
  syncErrorInfo,
  SyncOperationError,
  TransportError,
  ValidationError,
} from '../../src/model/errors/errors.ts';

describe('syncErrorInfo', () => {
  test.each([
    [401, 'auth', false],
    [403, 'auth', false],
    [429, 'rateLimit', true],
    [408, 'timeout', true],
    [425, 'timeout', true],
    [409, 'conflict', true],
    [412, 'conflict', true],
    [400, 'validation', false],
    [413, 'validation', false],
    [415, 'validation', false],
    [422, 'validation', false],
    [418, 'unknown', false],
    [500, 'server', true],
    [502, 'server', true],
    [503, 'server', true],
    [504, 'server', true],
    [501, 'server', false],
    [505, 'server', false],
  ])('F-83, F-87: HTTP %i is %s, retryable: %s', (statusCode, category, retryable) => {
    expect(syncErrorInfo(TransportError.httpError(statusCode))).toEqual({
      code: expect.any(String) as string,
      category,
      retryable,
      statusCode,
      message: `HTTP error ${statusCode}`,
    });
  });

  test.each<[string, Error, string, boolean]>([
    ['no connection', new NetworkError('refused'), 'network', true],
    ['a timeout', new NetworkError('late', { timedOut: true }), 'timeout', true],
    ['sign-in', new AuthError('expired'), 'auth', false],
    ['unreadable data', new ParseError('HTML'), 'parse', false],
    ['the database', new DatabaseError('full'), 'database', false],
    ['a conflict', new ConflictError('nobody decided', 'todos', 'a'), 'conflict', true],
    ['data of the app', new ValidationError('no id'), 'validation', false],
    ['anything else', new Error('boom'), 'unknown', false],
  ])('F-83: %s', (_, error, category, retryable) => {
    expect(syncErrorInfo(error)).toMatchObject({ category, retryable, message: error.message });
    // However deeply it is wrapped.
    const wrapped = new SyncOperationError('Push failed', 'push', 'op1', {
      cause: new MaxRetriesExceededError('gave up', 6, 5, { cause: new SyncError('step', { cause: error }) }),
    });
    expect(syncErrorInfo(wrapped).category).toBe(category === 'unknown' ? 'unknown' : category);
    expect(syncErrorInfo(wrapped).message).toBe('Push failed');
  });

  test('F-83: retries that ended in a refused token are not a network failure', () => {
    expect(
      syncErrorInfo(new MaxRetriesExceededError('gave up', 6, 5, { cause: TransportError.httpError(401) })),
    ).toMatchObject({
      category: 'auth',
      statusCode: 401,
    });
    expect(syncErrorInfo(new MaxRetriesExceededError('gave up', 6, 5))).toMatchObject({
      category: 'network',
      retryable: true,
    });
  });

  test('classifies cyclic causes and non-Error values as unknown', () => {
    const error = new Error('a');
    error.cause = new Error('b', { cause: error });
    expect(syncErrorInfo(error)).toMatchObject({ category: 'unknown', message: 'a' });
    for (const thrown of [undefined, null, 'text', 7])
      expect(syncErrorInfo(thrown)).toMatchObject({ category: 'unknown', retryable: false, message: String(thrown) });
  });
});

test("an error's text names its class, its place and its cause", () => {
  const error = new SyncOperationError('Push failed: refused', 'push', 'op1', {
    cause: TransportError.httpError(422, '{"error":"rule"}'),
  });
  expect(String(error)).toBe(
    'SyncOperationError: Push failed: refused (phase: push) (opId: op1)\nCaused by: TransportError: HTTP error 422 (status: 422)',
  );
});
