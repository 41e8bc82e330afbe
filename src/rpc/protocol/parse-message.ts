import type { ClientMessage, HostMessage, Operation, Release } from './messages.ts';

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === 'object' && value !== null;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;
const isCounts = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(isCount);
const isWireValue = (value: unknown): boolean =>
  value === null ||
  typeof value === 'string' ||
  typeof value === 'number' ||
  typeof value === 'bigint' ||
  typeof value === 'boolean' ||
  value instanceof Uint8Array;
const isStatement = ({ sql, parameters }: Fields): boolean =>
  typeof sql === 'string' && Array.isArray(parameters) && parameters.every(isWireValue);
const isLead = (value: unknown): boolean => {
  if (value === undefined) return true;
  if (!isFields(value)) return false;
  const { begin, steps } = value;
  return (
    (begin === undefined || (isFields(begin) && typeof begin['foreignKeys'] === 'boolean')) &&
    Array.isArray(steps) &&
    steps.every((step: unknown) => isFields(step) && isStatement(step))
  );
};
const isRelease = (value: unknown): value is Release =>
  isFields(value) && isCount(value['protocol']) && isCount(value['sync']) && isCount(value['app']);

function isOperation(value: unknown): value is Operation {
  if (!isFields(value)) return false;
  const { op, tx, write, settledWrites } = value;
  switch (op) {
    case 'begin':
      return isCount(tx) && typeof value['exclusive'] === 'boolean' && typeof value['foreignKeys'] === 'boolean';
    case 'query':
      return (
        (tx === undefined ? value['lead'] === undefined : isCount(tx)) && isLead(value['lead']) && isStatement(value)
      );
    case 'write':
      return (
        isCount(write) && isCount(settledWrites) && typeof value['foreignKeys'] === 'boolean' && isStatement(value)
      );
    case 'commit':
      return isCount(tx) && isCount(write) && isCount(settledWrites) && isLead(value['lead']);
    case 'rollback':
      return isCount(tx);
    default:
      return false;
  }
}

/** What can be answered of a message that is none: the id, where it has one. */
export interface Misunderstood {
  readonly type: 'misunderstood';
  readonly id: number | undefined;
}

const isHello = (data: Fields): boolean =>
  isCount(data['attempt']) &&
  typeof data['clientId'] === 'string' &&
  data['clientId'] !== '' &&
  isRelease(data['release']) &&
  isCounts(data['unanswered']);

function isClientMessage(data: object): data is ClientMessage {
  const fields: Fields = { ...data };
  switch (fields['type']) {
    case 'ping':
    case 'bye':
      return true;
    case 'hello':
      return isHello(fields);
    case 'call':
      return isCount(fields['id']) && isCount(fields['settled']) && isOperation(fields['operation']);
    default:
      return false;
  }
}

/**
 * Reads what came through a port. Undefined: it is not of this protocol, and somebody else's. Total: whatever a client
 * sends, the host goes on.
 */
export function parseClientMessage(data: unknown): ClientMessage | Misunderstood | undefined {
  if (!isFields(data) || data['synchart'] !== 'rpc') return undefined;
  if (isClientMessage(data)) return data;
  return { type: 'misunderstood', id: isCount(data['id']) ? data['id'] : undefined };
}

const fromHost: ReadonlySet<unknown> = new Set<HostMessage['type']>([
  'answer',
  'welcome',
  'refused',
  'pong',
  'unknown',
  'leaving',
  'rejected',
  'committed',
]);
const isHostMessage = (data: object): data is HostMessage => fromHost.has(Reflect.get(data, 'type'));

/** As {@link parseClientMessage}, for what a host sends. A client trusts its host, so only the type is looked at. */
export const parseHostMessage = (data: unknown): HostMessage | undefined =>
  isFields(data) && data['synchart'] === 'rpc' && isHostMessage(data) ? data : undefined;
