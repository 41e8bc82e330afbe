import { hidesDriverCode } from '../../model/errors/error-codes.ts';
import {
  AppOutdatedError,
  DatabaseError,
  HostUnreachableError,
  ProtocolError,
  TransactionLostError,
} from '../../model/errors/errors.ts';
import { resultCodeName } from '../../persistence/sql/result-codes.ts';
import type { WireError } from './messages.ts';

const deepest = 5;

const textAt = (value: object, key: string): string | undefined => {
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'string' ? found : undefined;
};
const numberAt = (value: object, key: string): number | undefined => {
  const found: unknown = Reflect.get(value, key);
  return typeof found === 'number' ? found : undefined;
};

/** A file system that is full: SQLite reports it as an I/O error, the browser names the reason. */
function isQuota(error: object, depth = 0): boolean {
  if (textAt(error, 'name') === 'QuotaExceededError') return true;
  const cause: unknown = Reflect.get(error, 'cause');
  return typeof cause === 'object' && cause !== null && depth < deepest && isQuota(cause, depth + 1);
}

/** Makes an error a plain object that every port can carry. Total. */
export function toWireError(thrown: unknown, depth = 0): WireError {
  if (typeof thrown !== 'object' || thrown === null) return { name: 'Error', message: String(thrown) };
  const resultCode = numberAt(thrown, 'resultCode');
  const isFull = isQuota(thrown);
  const code = isFull
    ? 'SQLITE_FULL'
    : (textAt(thrown, 'code') ?? (resultCode === undefined ? undefined : resultCodeName(resultCode)));
  const message = textAt(thrown, 'message') ?? 'unknown error';
  const cause: unknown = Reflect.get(thrown, 'cause');
  return {
    name: textAt(thrown, 'name') ?? 'Error',
    message:
      code === 'SQLITE_FULL'
        ? `${message}. The storage is full: nothing of this was written. Free space on the device, then try again`
        : message,
    ...(code === undefined ? {} : { code }),
    ...(resultCode === undefined ? {} : { resultCode }),
    ...(thrown instanceof HostUnreachableError ? { mayBeWritten: thrown.mayBeWritten } : {}),
    ...(typeof cause === 'object' && cause !== null && depth < deepest ? { cause: toWireError(cause, depth + 1) } : {}),
  };
}

/** Makes a plain object an error of its class again; a class that only the host knows becomes an `Error` of its name. */
export function fromWireError(wire: WireError): Error {
  const options = wire.cause === undefined ? {} : { cause: fromWireError(wire.cause) };
  switch (wire.name) {
    case 'TransactionLostError':
      return new TransactionLostError(wire.message, options);
    case 'AppOutdatedError':
      return new AppOutdatedError(wire.message, options);
    case 'HostUnreachableError':
      return new HostUnreachableError(wire.message, wire.mayBeWritten, options);
    case 'ProtocolError':
      return new ProtocolError(wire.message, options);
    case 'DatabaseError':
      return new DatabaseError(
        wire.message,
        isOwnCode(wire.code) ? options : { cause: withCodes(new Error(wire.message, options), wire) },
      );
    default: {
      const error = new Error(wire.message, options);
      Object.defineProperty(error, 'name', { value: wire.name, configurable: true, writable: true });
      return withCodes(error, wire);
    }
  }
}

const isOwnCode = (code: string | undefined): boolean => code === undefined || hidesDriverCode(code);

const withCodes = (error: Error, { code, resultCode }: WireError): Error =>
  Object.assign(error, code === undefined ? {} : { code }, resultCode === undefined ? {} : { resultCode });
