import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { AnsweredOperation, LogEntry, RequestEntry } from '../../src/devtools/protocol/log-entry.ts';
import { parseBundle } from '../../src/devtools/protocol/parse-bundle.ts';
import { callBar, createNetworkReader, networkRows } from '../../src/devtools/views/entries/network-model.ts';
import { describeRequest, requestOutcome } from '../../src/devtools/views/entries/request-model.ts';

const call = (id: number, part: Partial<RequestEntry> = {}): RequestEntry => ({
  type: 'request',
  id,
  startedAt: id * 100,
  at: id * 100 + 50,
  tookMs: 50,
  method: 'pull',
  result: 'ok',
  kind: 'todos',
  ...part,
});
const push = (
  id: number,
  ...operations: readonly (readonly [entityId: string, outcome: string | undefined])[]
): RequestEntry =>
  call(id, {
    method: 'push',
    operations: operations.map(
      ([entityId, outcome]): AnsweredOperation => ({
        opId: `op-${entityId}`,
        kind: 'todos',
        entityId,
        operationType: 'upsert',
        ...(outcome === undefined ? {} : { outcome }),
      }),
    ),
  });
const groupsOf = (entries: readonly LogEntry[]): readonly (readonly number[])[] =>
  createNetworkReader()(entries).map(({ calls }) => calls.map(({ id }) => id));

test('I12: groups tries of the same request in one line until it is applied', () => {
  expect(
    groupsOf([
      push(1, ['a', 'pushUnavailable']),
      push(2, ['a', undefined], ['b', 'pushSuccess']),
      push(3, ['a', 'pushSuccess']),
      push(4, ['a', 'pushSuccess']),
    ]),
  ).toEqual([[1, 2, 3], [4]]);
});

test('I12: a pull is another try of the previous one only if that one failed', () => {
  expect(
    groupsOf([call(1), call(2), call(3, { result: 'failed' }), call(4, { kind: 'notes' }), call(5), call(6)]),
  ).toEqual([[1], [2], [3, 5], [4], [6]]);
});

test('I12: a folded operation belongs to the key of its request', () => {
  const keyed = (id: number, opId: string, outcome: string): RequestEntry =>
    call(id, {
      method: 'push',
      operations: [{ opId, requestId: 'key', kind: 'todos', entityId: 'a', operationType: 'upsert', outcome }],
    });
  expect(groupsOf([keyed(1, 'old', 'pushAmbiguous'), keyed(2, 'new', 'pushSuccess')])).toEqual([[1, 2]]);
});

test('I12: reads calls incrementally from the last position', () => {
  const read = createNetworkReader();
  const entries: LogEntry[] = [push(1, ['a', 'pushUnavailable'])];
  read(entries);
  entries.push(push(2, ['a', 'pushSuccess']));
  expect(read(entries).map(({ calls }) => calls.length)).toEqual([2]);
  entries.shift();
  expect(read(entries).map(({ calls }) => calls.length)).toEqual([1]);
});

test('I12: an open group shows its tries below; a filter keeps groups with a match', () => {
  const groups = createNetworkReader()([push(1, ['a', 'pushUnavailable']), push(2, ['a', 'pushSuccess']), call(3)]);
  expect(networkRows(groups, {}, new Set([1])).map(({ call: { id }, attempt }) => [id, attempt])).toEqual([
    [2, undefined],
    [1, 1],
    [2, 2],
    [3, undefined],
  ]);
  expect(networkRows(groups, { tone: 'wait' }, new Set()).map(({ call: { id } }) => id)).toEqual([2]);
  expect(networkRows(groups, { method: 'pull', kind: 'todos' }, new Set()).map(({ call: { id } }) => id)).toEqual([3]);
  expect(networkRows(groups, { text: 'OP-A' }, new Set()).map(({ call: { id } }) => id)).toEqual([2]);
  expect(networkRows(groups, { kind: 'notes' }, new Set())).toEqual([]);
});

test('bars: scales a single call by the longest, and places a try among its tries', () => {
  const [group] = createNetworkReader()([push(1, ['a', 'pushUnavailable']), push(2, ['a', 'pushSuccess'])]);
  if (group === undefined) throw new Error('no group');
  const [, second] = group.calls;
  if (second === undefined) throw new Error('no second try');
  expect(callBar({ group, call: second }, 100)).toEqual({ start: 0, length: 50 });
  const { start, length } = callBar({ group, call: second, attempt: 2 }, 100);
  expect([Math.round(start), Math.round(start + length)]).toEqual([67, 100]);
});

test('colours a call by its worst answer and counts every answer', () => {
  expect(
    requestOutcome(push(1, ['a', 'pushSuccess'], ['b', 'pushSuccess'], ['c', 'pushConflict'], ['d', 'pushRejected'])),
  ).toEqual({
    tone: 'error',
    text: '2 applied, 1 conflict, 1 rejected',
  });
  expect(requestOutcome(push(1, ['a', undefined]))).toEqual({ tone: 'wait', text: 'no answer' });
  expect(requestOutcome(call(1, { rows: 1, bytes: 1_900, hasMore: true }))).toEqual({
    tone: 'ok',
    text: '1 row, 1.9 kB, more to come',
  });
  expect(requestOutcome(call(1, { result: 'failed', error: '503' }))).toEqual({ tone: 'error', text: '503' });
  expect(requestOutcome(call(1, { result: 'aborted' }))).toEqual({ tone: 'idle', text: 'aborted' });
});

test('a call names its endpoint', () => {
  expect(
    [
      call(1),
      push(1, ['a', undefined]),
      push(1, ['a', undefined], ['b', undefined]),
      call(1, { method: 'fetch', entityId: 'x' }),
    ].map(describeRequest),
  ).toEqual(['pull todos', 'push todos/a', 'push 2 operations', 'fetch todos/x']);
});

test('I12: in a captured day, groups the tries of the operation that met an outage', () => {
  const { entries } = parseBundle(
    JSON.parse(readFileSync(new URL('../../stories/fixtures/busy-day.json', import.meta.url), 'utf8')),
  );
  const tried = createNetworkReader()(entries).find(({ calls }) =>
    calls[0]?.operations?.some(({ entityId }) => entityId === 'n1'),
  );
  expect(
    tried?.calls.map(({ operations }) => operations?.find(({ entityId }) => entityId === 'n1')?.outcome).slice(0, 3),
  ).toEqual(['pushUnavailable', 'pushUnavailable', 'pushSuccess']);
});
