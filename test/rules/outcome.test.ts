import { describe, expect, test } from 'vitest';
import {
  AuthError,
  NetworkError,
  ParseError,
  syncErrorInfo,
  TransportError,
  ValidationError,
} from '../../src/model/errors/errors.ts';
import type { JsonObject } from '../../src/model/values/json.ts';
import { deleteOp, upsertOp } from '../../src/model/operation.ts';
import {
  type PushResult,
  pushAmbiguous,
  pushConflict,
  pushForbidden,
  pushMalformed,
  pushNotFound,
  pushRejected,
  pushSuccess,
  pushThrottled,
  pushUnauthorized,
  pushUnavailable,
} from '../../src/model/transport.ts';
import { judgeBatch } from '../../src/rules/answers/judge-batch.ts';
import { outcomeEffects, willRetry } from '../../src/rules/answers/outcome-effects.ts';
import { toOutcome } from '../../src/rules/answers/outcome.ts';
import type { OutcomeType } from '../../src/model/outcome.ts';
import { isOwnEcho } from '../../src/rules/answers/own-echo.ts';

const edit = upsertOp({ kind: 'todos', id: 'a', payload: { id: 'a', title: 'A' }, baseUpdatedAt: 'v1' });
const del = deleteOp({ kind: 'todos', id: 'a', baseUpdatedAt: 'v1' });

describe('toOutcome', () => {
  const row: JsonObject = { id: 'a', updated_at: '2024-01-01T00:00:00Z' };
  test.each<[string, PushResult, object, object]>([
    [
      'success',
      pushSuccess({ serverData: row, serverVersion: '"1"' }),
      { type: 'applied', row, version: '"1"' },
      { type: 'applied', row },
    ],
    ['empty success', pushSuccess(), { type: 'applied', row: undefined }, { type: 'applied' }],
    [
      'conflict',
      pushConflict({ serverData: row, serverVersion: '"2"' }),
      { type: 'conflict', current: row, deleted: false, serverTimestamp: '2024-01-01T00:00:00Z', version: '"2"' },
      { type: 'conflict', current: row },
    ],
    [
      'F-33: conflict without row',
      pushConflict(),
      { type: 'conflict', current: undefined, deleted: false, serverTimestamp: '' },
      { type: 'conflict' },
    ],
    [
      'deleted on the server',
      pushConflict({ serverDeleted: true, serverTimestamp: 'v3' }),
      { type: 'conflict', deleted: true, serverTimestamp: 'v3' },
      { type: 'applied' },
    ],
    [
      'F-22: not found',
      pushNotFound(410),
      { type: 'conflict', current: undefined, deleted: true },
      { type: 'applied' },
    ],
    [
      'F-133: rejected',
      pushRejected({ statusCode: 422, code: 'invalid', message: 'no' }),
      { type: 'rejected', code: 'invalid' },
      { type: 'rejected' },
    ],
    ['forbidden', pushForbidden(), { type: 'forbidden' }, { type: 'forbidden' }],
    ['unauthorized', pushUnauthorized(), { type: 'authRequired' }, { type: 'authRequired' }],
    ['throttled', pushThrottled({ retryAfterMs: 5 }), { type: 'throttled', retryAfterMs: 5 }, { type: 'throttled' }],
    [
      'F-07: no connection',
      pushUnavailable({ dispatched: false, noConnection: true, message: 'refused' }),
      { type: 'notSent' },
      { type: 'notSent' },
    ],
    [
      'never left',
      pushUnavailable({ dispatched: false, message: 'aborted' }),
      { type: 'notSent' },
      { type: 'notSent' },
    ],
    [
      'F-132: 500 of one',
      pushUnavailable({ dispatched: true, statusCode: 500, message: 'boom' }),
      { type: 'retryLater' },
      { type: 'retryLater' },
    ],
    ['lost reply', pushAmbiguous({ message: 'cut', timedOut: true }), { type: 'retryLater' }, { type: 'retryLater' }],
    ['F-23: malformed', pushMalformed('HTML'), { type: 'malformed' }, { type: 'malformed' }],
  ])('%s', (_, result, forEdit, forDelete) => {
    expect(toOutcome(edit, result)).toMatchObject(forEdit);
    expect(toOutcome(del, result)).toMatchObject(forDelete);
  });

  test('F-82: errors keep status, fields and category', () => {
    const errorOf = (result: PushResult) => {
      const outcome = toOutcome(edit, result);
      return 'error' in outcome ? outcome.error : undefined;
    };
    const rejected = errorOf(
      pushRejected({ statusCode: 422, code: 'rule', message: 'invalid', fields: { title: 'too long' } }),
    );
    expect(rejected).toBeInstanceOf(TransportError);
    expect(rejected?.message).toBe('invalid (title: too long)');
    expect(rejected).toMatchObject({ code: 'REFUSED', serverCode: 'rule', fields: { title: 'too long' } });
    expect(syncErrorInfo(rejected)).toMatchObject({
      category: 'validation',
      statusCode: 422,
      fields: { title: 'too long' },
    });
    expect(errorOf(pushRejected({ message: 'no' }))).toBeInstanceOf(ValidationError);
    expect(errorOf(pushUnauthorized())).toBeInstanceOf(AuthError);
    expect(errorOf(pushAmbiguous({ message: 'cut', timedOut: true }))).toBeInstanceOf(NetworkError);
    expect(errorOf(pushMalformed('x'))).toBeInstanceOf(ParseError);
    expect(syncErrorInfo(errorOf(pushThrottled()))).toMatchObject({ category: 'rateLimit', retryable: true });
    expect(syncErrorInfo(errorOf(pushUnavailable({ dispatched: true, statusCode: 503, message: 'x' })))).toMatchObject({
      category: 'server',
      statusCode: 503,
    });
    expect(toOutcome(edit, pushRejected({ statusCode: 400, message: 'x' }))).toMatchObject({ code: 'http_400' });
  });
  const cause = new Error('unexpected token');
  test.each<[string, PushResult, object]>([
    [
      'a refusal without code and status',
      pushRejected({ message: 'no' }),
      { code: 'rejected', error: { message: 'no' } },
    ],
    [
      'a refusal with reasons',
      pushRejected({ message: 'no', fields: { a: 'x', b: 'y' } }),
      { code: 'rejected', error: { message: 'no (a: x; b: y)' } },
    ],
    [
      'a refusal with a status',
      pushRejected({ statusCode: 409, message: 'no' }),
      { code: 'http_409', error: { message: 'no', statusCode: 409 } },
    ],
    ['a wait', pushThrottled({ retryAfterMs: 5 }), { retryAfterMs: 5, error: { statusCode: 429, retryAfterMs: 5 } }],
    [
      'I2: a wait after a 5xx, which may have been done: the same request is sent again',
      pushThrottled({ statusCode: 503, retryAfterMs: 5 }),
      { type: 'unavailable', retryAfterMs: 5, error: { statusCode: 503, retryAfterMs: 5 } },
    ],
    ['a time limit', pushAmbiguous({ message: 'cut', timedOut: true }), { error: { message: 'cut', timedOut: true } }],
    ['a lost reply', pushAmbiguous({ message: 'cut' }), { error: { message: 'cut', timedOut: false } }],
    ['no API', pushMalformed('HTML'), { error: { name: 'ParseError', message: 'HTML' } }],
    [
      'a defect of the adapter',
      pushMalformed('broke', cause),
      { error: { name: 'SyncError', message: 'broke', cause } },
    ],
    [
      'a status without row',
      pushUnavailable({ dispatched: true, statusCode: 503, message: 'x' }),
      { error: { name: 'TransportError', statusCode: 503 } },
    ],
    [
      'no status',
      pushUnavailable({ dispatched: true, message: 'x' }),
      { error: { name: 'NetworkError', message: 'x' } },
    ],
  ])("F-82: the error contains the server's message: %s", (_, result, expected) => {
    expect(toOutcome(edit, result)).toMatchObject(expected);
  });
  test('an answer that no transport may give is malformed, and its operation stays', () => {
    const answer = JSON.parse('{"type":"banana"}') as PushResult;
    expect(toOutcome(edit, answer)).toMatchObject({ type: 'malformed', error: { name: 'ParseError', cause: answer } });
  });
});

const outcomeTypes = Object.keys(outcomeEffects) as readonly OutcomeType[];

test("I2: exactly these outcomes end a request's identity", () => {
  expect(outcomeTypes.filter((type) => outcomeEffects[type].request !== 'open')).toEqual([
    'applied',
    'conflict',
    'rejected',
    'forbidden',
    'authRequired',
    'throttled',
    'notSent',
  ]);
});

test('F-106: the engine resends automatically for exactly these outcomes, and only below the limit', () => {
  const again = [
    'rejected',
    'forbidden',
    'authRequired',
    'throttled',
    'notSent',
    'unavailable',
    'retryLater',
    'malformed',
  ];
  expect(outcomeTypes.filter((type) => willRetry(type, 4, 5))).toEqual(again);
  expect(outcomeTypes.filter((type) => willRetry(type, 5, 5))).toEqual([]);
});

test('F-09: exactly these outcomes count a try', () => {
  expect(outcomeTypes.filter((type) => outcomeEffects[type].countsTry === 'always')).toEqual(['rejected']);
  expect(outcomeTypes.filter((type) => outcomeEffects[type].countsTry === 'whenAlone')).toEqual(['retryLater']);
});

test('F-07: a lost connection affects every operation, a 500 only its own', () => {
  expect(toOutcome(edit, pushUnavailable({ dispatched: true, noConnection: true, message: 'gone' })).type).toBe(
    'unavailable',
  );
  expect(toOutcome(edit, pushUnavailable({ dispatched: true, noConnection: false, message: 'boom' })).type).toBe(
    'retryLater',
  );
});

describe('judgeBatch', () => {
  const boom = pushUnavailable({ dispatched: true, statusCode: 500, message: 'boom' });
  const never = pushUnavailable({ dispatched: false, message: 'not sent' });
  const cut = pushUnavailable({ dispatched: false, noConnection: true, message: 'refused' });
  const html = pushMalformed('HTML');
  const of = (...results: readonly (readonly [string, PushResult])[]) =>
    judgeBatch(results.map(([entity, result]) => ({ entity, result })));
  // Judged within the test, so that a mutant meets an assertion and not a suite that cannot be collected.
  test.each<[string, [string, PushResult][], string]>([
    ['nothing', [], 'fine'],
    [
      'F-132: one entity failing, even twice',
      [
        ['a', boom],
        ['a', boom],
        ['b', pushSuccess()],
      ],
      'fine',
    ],
    [
      'two entities in a row',
      [
        ['a', boom],
        ['b', pushAmbiguous({ message: 'cut' })],
      ],
      'askHealth',
    ],
    [
      'an answer between them',
      [
        ['a', boom],
        ['b', pushConflict()],
        ['c', boom],
      ],
      'fine',
    ],
    [
      'an unsent one between them says nothing',
      [
        ['a', boom],
        ['b', never],
        ['c', boom],
      ],
      'askHealth',
    ],
    [
      'and is no failure itself',
      [
        ['a', boom],
        ['b', never],
        ['c', never],
      ],
      'fine',
    ],
    [
      'F-07: one without connection',
      [
        ['a', pushSuccess()],
        ['b', cut],
      ],
      'unavailable',
    ],
    [
      'F-23: two malformed in a row',
      [
        ['a', html],
        ['b', html],
      ],
      'malformed',
    ],
    [
      'one malformed',
      [
        ['a', html],
        ['b', boom],
        ['b', html],
      ],
      'fine',
    ],
    [
      '401 goes before all',
      [
        ['a', cut],
        ['b', pushUnauthorized()],
        ['c', pushThrottled()],
      ],
      'authRequired',
    ],
    [
      '429 goes before no connection',
      [
        ['a', cut],
        ['b', pushThrottled()],
      ],
      'throttled',
    ],
  ])('%s', (_, answers, expected) => {
    const verdict = of(...answers);
    expect(verdict.verdict).toBe(expected);
    expect(verdict.message === '').toBe(expected === 'fine');
  });
  test('F-85: the longest Retry-After counts; none stays none', () => {
    expect(of(['a', pushThrottled({ retryAfterMs: 5 })], ['b', pushThrottled({ retryAfterMs: 9 })])).toMatchObject({
      retryAfterMs: 9,
    });
    expect(of(['a', pushThrottled()])).not.toHaveProperty('retryAfterMs');
  });
});

describe('isOwnEcho', () => {
  const keys = { id: 'id', updatedAt: 'updated_at', deletedAt: 'deleted_at' };
  const op = upsertOp({
    kind: 'todos',
    id: 'a',
    payload: { id: 'a', title: 'A', tags: [{ x: 1, y: 2 }], note: null, createdAt: 'mine', updated_at: 'v1' },
  });
  test.each<[string, JsonObject, boolean]>([
    [
      'every sent field as sent',
      { id: 'a', title: 'A', tags: [{ y: 2, x: 1 }], createdAt: 'theirs', updated_at: 'v2', extra: 1 },
      true,
    ],
    ['another value', { id: 'a', title: 'B', tags: [{ x: 1, y: 2 }] }, false],
    ['a missing value', { id: 'a', tags: [{ x: 1, y: 2 }] }, false],
    ['a tombstone', { id: 'a', title: 'A', tags: [{ x: 1, y: 2 }], deleted_at: 'v2' }, false],
  ])('F-134: %s', (_, current, expected) => {
    expect(isOwnEcho(op, current, keys)).toBe(expected);
  });
  test('F-134: the echo of a delete is a tombstone', () => {
    expect(isOwnEcho(del, { id: 'a', deleted_at: 'v2' }, keys)).toBe(true);
    expect(isOwnEcho(del, { id: 'a', deleted_at: null }, keys)).toBe(false);
    expect(isOwnEcho(del, { id: 'a' }, { ...keys, deletedAt: undefined })).toBe(false);
  });
});
