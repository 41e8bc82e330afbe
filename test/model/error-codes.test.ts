import { expect, test } from 'vitest';
import { BrowserStorageError } from '../../src/browser/storage/storage-error.ts';
import { ConflictChangedError } from '../../src/model/conflict-changed-error.ts';
import type { Conflict } from '../../src/model/conflict.ts';
import { hidesDriverCode, syncErrorCodes, type SyncErrorCode } from '../../src/model/errors/error-codes.ts';
import {
  AppOutdatedError,
  AuthError,
  ConflictError,
  DatabaseError,
  HostUnreachableError,
  MaxRetriesExceededError,
  NetworkError,
  NewerReleaseError,
  ParseError,
  ProtocolError,
  ScopeChangedError,
  SyncAbortedError,
  SyncError,
  syncErrorInfo,
  SyncOperationError,
  TransactionLostError,
  TransportError,
  ValidationError,
} from '../../src/model/errors/errors.ts';
import { NotAckedError } from '../../src/model/not-acked-error.ts';
import { checkOptions, ownedBy } from '../../src/model/options/complete-options.ts';
import { byDefault } from '../../src/model/options/option-list.ts';
import { aFlag } from '../../src/model/options/bounds.ts';
import { classifyDatabaseError } from '../../src/persistence/sql/database-failure.ts';
import { fromWireError, toWireError } from '../../src/rpc/protocol/wire-error.ts';
import { SendDefect } from '../../src/transport/http/send-defect.ts';
import { toExchangeError } from '../../src/transport/http/network-failure.ts';

const status = (statusCode: number, isRefusal = false): TransportError =>
  new TransportError('no', statusCode, undefined, { isRefusal });
const notAcked = (reason: NotAckedError['reason']): NotAckedError =>
  new NotAckedError('no', 'op1', reason, { kind: 'todos', entityId: 'a' });

const conflict: Conflict = {
  kind: 'todos',
  entityId: 'a',
  opId: 'op1',
  opType: 'upsert',
  localData: {},
  serverData: {},
  localTimestamp: '',
  serverTimestamp: '',
  serverDeleted: false,
};

const errors: Readonly<Record<Exclude<SyncErrorCode, 'INVALID_OPTION'>, SyncError>> = {
  NETWORK: new NetworkError('no'),
  TIMEOUT: new NetworkError('no', { timedOut: true }),
  REDIRECTED: status(308),
  AUTH_REQUIRED: new AuthError('no'),
  FORBIDDEN: status(403),
  WRONG_ADDRESS: status(404),
  CONFLICT_CHANGED: new ConflictChangedError('no', conflict),
  CONFLICT: new ConflictError('no', 'todos', 'a'),
  REFUSED: status(422),
  THROTTLED: status(429),
  SERVER_FAILED: status(503),
  UNREADABLE_ANSWER: new ParseError('no'),
  WEB_PAGE: new ParseError('no', { isHtml: true }),
  SEND_DEFECT: new SendDefect('no'),
  RETRIES_EXHAUSTED: new MaxRetriesExceededError('no', 6, 5),
  RUN_FAILED: new SyncOperationError('no', 'push'),
  SCOPE_CHANGED: new ScopeChangedError('no', 'push'),
  ABORTED: new SyncAbortedError('no'),
  INTERNAL: new SyncError('no'),
  INVALID_DATA: new ValidationError('no'),
  NOT_ACKED_REJECTED: notAcked('rejected'),
  NOT_ACKED_STUCK: notAcked('stuck'),
  NOT_ACKED_AMBIGUOUS: notAcked('ambiguous'),
  NOT_ACKED_CONFLICT: notAcked('conflict'),
  NOT_ACKED_DISCARDED: notAcked('discarded'),
  DATABASE: new DatabaseError('no'),
  NEWER_RELEASE: new NewerReleaseError('no', '2.0.0', []),
  APP_OUTDATED: new AppOutdatedError('no'),
  TRANSACTION_LOST: new TransactionLostError('no'),
  HOST_UNREACHABLE: new HostUnreachableError('no'),
  RPC_PROTOCOL: new ProtocolError('no'),
  STORAGE_INSECURE_CONTEXT: new BrowserStorageError('insecureContext', 'no'),
  STORAGE_NOT_DURABLE: new BrowserStorageError('noDurableStorage', 'no'),
  STORAGE_WORKER_FAILED: new BrowserStorageError('workerFailed', 'no'),
  STORAGE_NO_ANSWER: new BrowserStorageError('noAnswer', 'no'),
  STORAGE_LOCKED: new BrowserStorageError('locked', 'no'),
  STORAGE_QUOTA: new BrowserStorageError('quota', 'no'),
  STORAGE_NOT_A_DATABASE: new BrowserStorageError('notADatabase', 'no'),
  STORAGE_DAMAGED: new BrowserStorageError('damaged', 'no'),
  STORAGE_NEWER_SCHEMA: new BrowserStorageError('newerSchema', 'no'),
  STORAGE_OTHER_ENTITIES: new BrowserStorageError('otherEntities', 'no'),
  STORAGE_IN_USE: new BrowserStorageError('inUse', 'no'),
  STORAGE_CLOSED: new BrowserStorageError('closed', 'no'),
};

test.each(Object.entries(errors))('%s: the error has this code, and syncErrorInfo reports it', (code, error) => {
  expect(error.code).toBe(code);
  expect(syncErrorInfo(error).code).toBe(code);
});

test('every code belongs to an error, and none is listed twice', () => {
  expect([...syncErrorCodes].sort()).toEqual([...Object.keys(errors), 'INVALID_OPTION'].sort());
});

test.each([
  [301, 'REDIRECTED'],
  [401, 'AUTH_REQUIRED'],
  [405, 'WRONG_ADDRESS'],
  [410, 'WRONG_ADDRESS'],
  [408, 'TIMEOUT'],
  [425, 'TIMEOUT'],
  [409, 'CONFLICT'],
  [412, 'CONFLICT'],
  [400, 'REFUSED'],
  [418, 'REFUSED'],
  [500, 'SERVER_FAILED'],
])('HTTP %i has the code %s', (statusCode, code) => {
  expect(status(statusCode).code).toBe(code);
});

test('a refusal of one operation is refused, whatever its status', () => {
  for (const statusCode of [404, 409, 410, 412]) expect(status(statusCode, true).code).toBe('REFUSED');
});

test('syncErrorInfo reports the innermost error that says why', () => {
  const wrapped = (cause: Error): Error =>
    new SyncOperationError('Push failed', 'push', undefined, {
      cause: new MaxRetriesExceededError('gave up', 6, 5, { cause }),
    });
  expect(syncErrorInfo(wrapped(errors.WEB_PAGE)).code).toBe('WEB_PAGE');
  expect(syncErrorInfo(wrapped(new SyncError('step', { cause: errors.SEND_DEFECT }))).code).toBe('SEND_DEFECT');
  expect(syncErrorInfo(wrapped(new Error('boom'))).code).toBe('RETRIES_EXHAUSTED');
  expect(syncErrorInfo(new Error('boom'))).not.toHaveProperty('code');
});

test('syncErrorInfo reports the server’s own word for a refusal', () => {
  const refused = new TransportError('sold out', 422, undefined, { serverCode: 'out_of_stock' });
  expect(syncErrorInfo(refused)).toMatchObject({ code: 'REFUSED', serverCode: 'out_of_stock' });
});

test('an option that is unknown or out of bounds throws with the code INVALID_OPTION', () => {
  const list = { loud: byDefault(false, aFlag) };
  const thrown = (given: object): unknown => {
    try {
      checkOptions(ownedBy('box'), list, given);
    } catch (error) {
      return error;
    }
    return undefined;
  };
  expect(thrown({ loud: 'yes' })).toMatchObject({ name: 'TypeError', code: 'INVALID_OPTION' });
  expect(thrown({ lout: true })).toMatchObject({ name: 'TypeError', code: 'INVALID_OPTION' });
});

test('the code of a DatabaseError never hides the code of the driver beneath', () => {
  const driver = (code: string): Error => Object.assign(new Error('beneath'), { code });
  for (const error of [
    new DatabaseError('no', { cause: driver('SQLITE_BUSY') }),
    new BrowserStorageError('quota', 'no', { cause: driver('SQLITE_BUSY') }),
    new NewerReleaseError('no', '2.0.0', [], { cause: driver('SQLITE_BUSY') }),
  ]) {
    expect(classifyDatabaseError(error)).toBe('busy');
    expect(hidesDriverCode(error.code)).toBe(true);
  }
});

test('a full storage arrives from a host as a DatabaseError with its own code', () => {
  const cause = Object.assign(new Error('no space'), { name: 'QuotaExceededError' });
  const arrived = fromWireError(structuredClone(toWireError(new DatabaseError('not written', { cause }))));
  expect(arrived).toMatchObject({ name: 'DatabaseError', code: 'DATABASE', cause: { code: 'SQLITE_FULL' } });
  expect(classifyDatabaseError(arrived)).toBe('unusable');
});

test('an error of synchart that send throws is judged by the error beneath', () => {
  const late = new NetworkError('late', { cause: Object.assign(new Error('late'), { code: 'ETIMEDOUT' }) });
  expect(toExchangeError(late, 'PUT todos/a', 'unknown')).toMatchObject({ reason: 'timedOut' });
});
