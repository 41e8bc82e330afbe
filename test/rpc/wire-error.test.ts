import { expect, test } from 'vitest';
import {
  AppOutdatedError,
  DatabaseError,
  HostUnreachableError,
  ProtocolError,
  TransactionLostError,
} from '../../src/model/errors/errors.ts';
import { classifyDatabaseError } from '../../src/persistence/sql/database-failure.ts';
import { fromWireError, toWireError } from '../../src/rpc/protocol/wire-error.ts';

const travel = (thrown: unknown): Error => fromWireError(structuredClone(toWireError(thrown)));

test('errors arrive as instances of their classes, with codes and causes', () => {
  const cause = Object.assign(new Error('beneath'), { code: 'SQLITE_IOERR', resultCode: 10 });
  for (const Class of [AppOutdatedError, DatabaseError, ProtocolError, TransactionLostError]) {
    const arrived = travel(new Class('what to do', { cause }));
    expect(arrived).toBeInstanceOf(Class);
    expect(arrived).toMatchObject({ name: Class.name, message: 'what to do', cause: { code: 'SQLITE_IOERR' } });
  }
  expect(travel(new HostUnreachableError('silent', true))).toMatchObject({ mayBeWritten: true });
  const unique = Object.assign(new Error('UNIQUE constraint failed'), { name: 'SqliteError', resultCode: 2067 });
  expect(travel(unique)).toMatchObject({ name: 'SqliteError', code: 'SQLITE_CONSTRAINT', resultCode: 2067 });
});

test('reports full storage by its cause, whatever code SQLite gives, with advice', () => {
  const quota = Object.assign(new Error('no space'), { name: 'QuotaExceededError' });
  const arrived = travel(Object.assign(new Error('disk I/O error'), { resultCode: 10, cause: quota }));
  expect(arrived).toMatchObject({ code: 'SQLITE_FULL', message: /nothing of this was written\. Free space/ });
  expect(classifyDatabaseError(arrived)).toBe('unusable');
});

test('retries temporary failures: a lost transaction, a silent host', () => {
  expect(classifyDatabaseError(new TransactionLostError('lost'))).toBe('busy');
  expect(classifyDatabaseError(new HostUnreachableError('silent'))).toBe('busy');
  expect(classifyDatabaseError(new AppOutdatedError('old'))).toBe('other');
});

test('converts any thrown value to an error: cycles, strings, nothing', () => {
  const cyclic: Error & { cause?: unknown } = new Error('round');
  cyclic.cause = cyclic;
  expect(travel(cyclic).message).toBe('round');
  expect(travel('text')).toMatchObject({ name: 'Error', message: 'text' });
  expect(travel(undefined)).toBeInstanceOf(Error);
});
