import { describe, expect, expectTypeOf, test } from 'vitest';
import { defaultSyncConfig, resolveSyncConfig } from '../../src/model/config.ts';
import { conflictStrategies } from '../../src/model/conflict.ts';
import { fullResyncKind } from '../../src/model/cursor.ts';
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
} from '../../src/model/errors/errors.ts';
import {
  deleteOp,
  isNewRecord,
  upsertOp,
  type DeleteOp,
  type Op,
  type OpType,
  type UpsertOp,
} from '../../src/model/operation.ts';
import { addStats, noStats } from '../../src/model/values/run-stats.ts';
import {
  fetchError,
  fetchNotFound,
  fetchSuccess,
  isConflict,
  isError,
  isNotFound,
  isSuccess,
  pushConflict,
  pushNotFound,
  pushRejected,
  pushSuccess,
  type OpPushResult,
  type PushResult,
} from '../../src/model/transport.ts';
import { syncColumns } from '../../src/persistence/tables/sync-columns.ts';
import { syncTableNames } from '../../src/persistence/database/migrations.ts';
import { preservingMerge } from '../../src/rules/merging/merge.ts';

/** Plain values, by the numbers of the reference library (docs/parity.md). */
const uuidV7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

describe('operations', () => {
  const payload = { id: 'a', nested: { list: [1, null, true, 'x', { deep: 1.5 }] }, none: null };

  test('OP-01, OP-04, OP-10: reads back any JSON as given; base and changed fields are absent; it is new', () => {
    const op = upsertOp({ opId: 'o', kind: 'todos', id: 'a', localTimestamp: '2026-01-01T00:00:00Z', payload });
    expect(op).toEqual({
      type: 'upsert',
      opId: 'o',
      kind: 'todos',
      id: 'a',
      localTimestamp: '2026-01-01T00:00:00.000Z',
      payload,
      creates: true,
    });
    expect([isNewRecord(op), 'baseUpdatedAt' in op, 'changedFields' in op]).toEqual([true, false, false]);
  });

  test('OP-02, OP-03, OP-05: keeps a base verbatim, and the record is not new; changed fields are a set', () => {
    const op = upsertOp({
      kind: 'todos',
      id: 'a',
      payload,
      baseUpdatedAt: '2026-01-01T00:00:00.123456Z',
      changedFields: ['b', 'a', 'b'],
    });
    expect(op).toMatchObject({ baseUpdatedAt: '2026-01-01T00:00:00.123456Z', changedFields: ['b', 'a'] });
    expect(isNewRecord(op)).toBe(false);
    // F-144: the fact may be stated, it is never guessed afterwards.
    expect(isNewRecord(upsertOp({ kind: 'todos', id: 'a', payload, creates: false }))).toBe(false);
  });

  test('OP-06 … OP-09: a spread copy keeps other properties and can omit some', () => {
    const op = upsertOp({ kind: 'todos', id: 'a', payload, baseUpdatedAt: 'b', changedFields: ['x'] });
    expect({ ...op }).toEqual(op);
    expect({ ...op, opId: 'other' }).toEqual({ ...op, opId: 'other', kind: 'todos', id: 'a' });
    expect(upsertOp({ ...op, baseUpdatedAt: undefined, creates: op.creates })).not.toHaveProperty('baseUpdatedAt');
  });

  test('OP-11, OP-12, OP-17: a delete has neither payload nor changed fields; the union is closed', () => {
    const op = deleteOp({ kind: 'todos', id: 'a', baseUpdatedAt: 'b' });
    expect(Object.keys(op).sort()).toEqual([
      'baseUpdatedAt',
      'creates',
      'id',
      'kind',
      'localTimestamp',
      'opId',
      'type',
    ]);
    expectTypeOf<Op>().toEqualTypeOf<UpsertOp | DeleteOp>();
    expectTypeOf<OpType>().toEqualTypeOf<'upsert' | 'delete'>();
  });

  test('OP-13 … OP-16: fills in an id (UUID v7) and the present time; converts a time with an offset to UTC', () => {
    for (const make of [
      () => upsertOp({ kind: 'todos', id: 'a', payload }),
      () => deleteOp({ kind: 'todos', id: 'a' }),
    ]) {
      const [one, two] = [make(), make()];
      expect(one.opId).toMatch(uuidV7);
      expect(two.opId).not.toBe(one.opId);
      expect(Math.abs(Date.parse(one.localTimestamp) - Date.now())).toBeLessThan(60_000);
      expect(one.localTimestamp).toMatch(/Z$/);
    }
    const given = { kind: 'todos', id: 'a', payload };
    expect(upsertOp({ ...given, localTimestamp: '2026-01-01T02:00:00+02:00' }).localTimestamp).toBe(
      '2026-01-01T00:00:00.000Z',
    );
    expect(() => upsertOp({ ...given, localTimestamp: 'yesterday' })).toThrow(TypeError);
  });
});

test('NAM-06, NAM-07, SCH-06: the names of tables and columns', () => {
  expect(syncTableNames).toEqual(expect.arrayContaining(['sync_outbox', 'sync_cursors']));
  expect(fullResyncKind).toBe('__full_resync__');
  expect(syncColumns).toMatchObject({
    updatedAt: { type: 'text', name: 'updated_at' },
    deletedAt: { type: 'text', name: 'deleted_at', nullable: true },
    deletedAtLocal: { type: 'text', name: 'deleted_at_local', nullable: true },
  });
});

test('CFG-01, CFG-04, ENG-07: the defaults, and the six strategies', () => {
  expect(defaultSyncConfig).toMatchObject({
    pageSize: 500,
    backoffMinMs: 1_000,
    backoffMaxMs: 120_000,
    backoffMultiplier: 2,
    maxRetries: 5,
    fullResyncIntervalMs: 7 * 86_400_000,
    conflictStrategy: 'autoPreserve',
    maxConflictRetries: 3,
    conflictRetryDelayMs: 500,
    skipConflictingOps: false,
    maxOutboxTryCount: 5,
  });
  expect(defaultSyncConfig).not.toHaveProperty('conflictResolver');
  expect([...conflictStrategies].sort()).toEqual([
    'autoPreserve',
    'clientWins',
    'lastWriteWins',
    'manual',
    'merge',
    'serverWins',
  ]);
  expect(resolveSyncConfig()).toEqual(defaultSyncConfig);
});

test('CFG-03, F-118: a configuration derives by spread, and a resolver can be removed', () => {
  const resolver = (): never => {
    throw new Error('never asked');
  };
  const derived = resolveSyncConfig({ ...defaultSyncConfig, pageSize: 7, conflictResolver: resolver });
  expect(derived).toEqual({ ...defaultSyncConfig, pageSize: 7, conflictResolver: resolver });
  expect(resolveSyncConfig({ ...derived, conflictResolver: undefined })).toEqual({ ...defaultSyncConfig, pageSize: 7 });
});

test('CFG-05, F-13: rejects an invalid value by name', () => {
  for (const bad of [
    { pageSize: 0 },
    { pushBatchSize: -1 },
    { maxOutboxTryCount: 0 },
    { backoffMultiplier: 0 },
    { fullResyncIntervalMs: 0 },
  ])
    expect(() => resolveSyncConfig(bad)).toThrow(new RegExp(Object.keys(bad)[0] ?? ''));
  expect(() => resolveSyncConfig({ backoffMinMs: 10, backoffMaxMs: 5 })).toThrow(RangeError);
});

describe('errors', () => {
  const cause = new Error('inner');
  test('ERR-01, ERR-03 … ERR-06: one error family; each error keeps its cause and its category', () => {
    const all = [NetworkError.fromError(cause), DatabaseError.fromError(cause), ParseError.fromError(cause)];
    expect(all.map(({ message }) => message)).toEqual([
      'Network request failed: inner',
      'Database operation failed: inner',
      'Failed to parse data: inner',
    ]);
    for (const error of all) {
      expect(error).toBeInstanceOf(SyncError);
      expect(error.cause).toBe(cause);
    }
    expect(TransportError.httpError(503, 'busy')).toMatchObject({
      message: 'HTTP error 503',
      statusCode: 503,
      responseBody: 'busy',
    });
    for (const Class of [ConflictError, SyncOperationError, MaxRetriesExceededError])
      expect(Class.prototype).toBeInstanceOf(SyncError);
  });

  test('ERR-02, ERR-06 … ERR-09: the message names class, place and cause', () => {
    expect(String(new NetworkError('msg'))).toBe('NetworkError: msg');
    expect(String(new NetworkError('msg', { cause }))).toBe('NetworkError: msg\nCaused by: Error: inner');
    expect(String(new TransportError('msg', 503))).toBe('TransportError: msg (status: 503)');
    const conflict = new ConflictError('msg', 'orders', 'order-789', { a: 1 }, { a: 2 });
    expect(String(conflict)).toBe('ConflictError: msg (orders/order-789)');
    expect(conflict).toMatchObject({ localData: { a: 1 }, serverData: { a: 2 } });
    expect(String(new SyncOperationError('msg', 'pull', 'op-2'))).toBe(
      'SyncOperationError: msg (phase: pull) (opId: op-2)',
    );
    expect(String(new MaxRetriesExceededError('msg', 10, 10))).toBe('MaxRetriesExceededError: msg (attempts: 10/10)');
  });

  test.each<[string, unknown, string, boolean]>([
    ['ERR-10', TransportError.httpError(401), 'auth', false],
    ['ERR-10', TransportError.httpError(403), 'auth', false],
    ['ERR-10', new AuthError('expired'), 'auth', false],
    ['ERR-11', TransportError.httpError(500), 'server', true],
    ['ERR-12', TransportError.httpError(418), 'unknown', false],
    ['ERR-12', TransportError.httpError(429), 'rateLimit', true],
    ['ERR-13', new NetworkError('x'), 'network', true],
    ['ERR-13', new MaxRetriesExceededError('x', 6, 5), 'network', true],
    ['ERR-14', new ParseError('x'), 'parse', false],
    ['ERR-15', new DatabaseError('x'), 'database', false],
    ['ERR-16', new ConflictError('x', 'a', 'b'), 'conflict', true],
    ['ERR-17', new Error('x'), 'unknown', false],
  ])('%s: %s', (_, error, category, retryable) => {
    expect(syncErrorInfo(error)).toMatchObject({ category, retryable });
  });
});

test('PUSH-16: counts start at zero and add up', () => {
  expect(noStats).toEqual({ pushed: 0, pulled: 0, ignored: 0, conflicts: 0, conflictsResolved: 0, errors: 0 });
  expect(addStats({ ...noStats, pushed: 1 }, { ...noStats, pushed: 2, errors: 1 })).toEqual({
    ...noStats,
    pushed: 3,
    errors: 1,
  });
});

test('TRA-02, TRA-04, TRA-05: an answer is exactly one of success, conflict, not found and error', () => {
  const of = (result: PushResult): OpPushResult => ({ opId: 'o', result });
  const kinds = (answer: OpPushResult) => [isSuccess, isConflict, isNotFound, isError].map((is) => is(answer));
  expect(kinds(of(pushSuccess({ serverData: { id: 'a' }, serverVersion: 'v' })))).toEqual([true, false, false, false]);
  expect(kinds(of(pushConflict({ serverData: { id: 'a' }, serverTimestamp: 't' })))).toEqual([
    false,
    true,
    false,
    false,
  ]);
  expect(kinds(of(pushNotFound()))).toEqual([false, false, true, false]);
  expect(kinds(of(pushRejected({ message: 'no' })))).toEqual([false, false, false, true]);
  expect([fetchSuccess({ id: 'a' }, 'v'), fetchSuccess({ id: 'a' }), fetchNotFound(), fetchError('x')]).toEqual([
    { type: 'fetchSuccess', data: { id: 'a' }, version: 'v' },
    { type: 'fetchSuccess', data: { id: 'a' } },
    { type: 'fetchNotFound' },
    { type: 'fetchError', error: 'x' },
  ]);
});

test('MU-19, F-30: list items without an id are equal if their content is', () => {
  expect(preservingMerge({ list: [{ a: 1 }, { b: 2 }] }, { list: [{ a: 1 }] }).data).toEqual({
    list: [{ a: 1 }, { b: 2 }],
  });
});
