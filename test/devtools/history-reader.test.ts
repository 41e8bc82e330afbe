import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogEntry } from '../../src/devtools/protocol/log-entry.ts';
import type { OperationView } from '../../src/devtools/protocol/messages.ts';
import { createHistoryReader } from '../../src/devtools/views/entries/history-reader.ts';
import { historyOf } from '../../src/devtools/views/entries/operation-history.ts';

/** Operations a, b and c are of one record; d is of another. */
const opIds = ['a', 'b', 'c', 'd'] as const;
const refOf = (opId: string): { readonly opId: string; readonly kind: string; readonly entityId: string } => ({
  opId,
  kind: 'todos',
  entityId: opId === 'd' ? '2' : '1',
});
const opId = fc.constantFrom(...opIds);
const unnumbered = fc.oneof(
  fc.record({
    is: fc.constant('event' as const),
    of: opId,
    name: fc.constantFrom('op.pushed', 'op.failed', 'op.stuck', 'conflict.detected'),
  }),
  fc.record({
    is: fc.constant('request' as const),
    of: fc.uniqueArray(opId, { minLength: 1 }),
    outcome: fc.constantFrom('pushSuccess', 'rejected', undefined),
  }),
  fc.record({ is: fc.constant('command' as const), of: fc.array(opId) }),
  fc.record({ is: fc.constant('other' as const) }),
);
const log = fc.array(unnumbered, { maxLength: 40 }).map((drawn) =>
  drawn.map((what, index): LogEntry => {
    const stamp = { id: index + 1, at: 1_000 + index * 10 };
    switch (what.is) {
      case 'event':
        return { ...stamp, type: 'event', name: what.name, data: {}, ...refOf(what.of) };
      case 'request':
        return {
          ...stamp,
          type: 'request',
          method: 'push',
          startedAt: stamp.at - 5,
          tookMs: 5,
          result: 'ok',
          operations: what.of.map((id) => ({ ...refOf(id), operationType: 'upsert', outcome: what.outcome })),
        };
      case 'command':
        return { ...stamp, type: 'command', command: 'retry', input: { opIds: what.of }, ok: true };
      case 'other':
        return { ...stamp, type: 'event', name: 'network.offline', data: {} };
    }
  }),
);
const queued = { ...refOf('a'), enqueuedAt: 1_000, state: 'queued' } as unknown as OperationView;

test('I12: the history of a growing log equals that of the whole log, also when the oldest entries go', () => {
  fc.assert(
    fc.property(
      log,
      fc.array(fc.record({ grow: fc.nat(8), drop: fc.nat(3), isQueued: fc.boolean() }), { maxLength: 12 }),
      (whole, looks) => {
        const read = createHistoryReader('a');
        const entries: LogEntry[] = [];
        let next = 0;
        for (const { grow, drop, isQueued } of [...looks, { grow: whole.length, drop: 0, isQueued: true }]) {
          entries.push(...whole.slice(next, next + grow));
          next += grow;
          entries.splice(0, drop);
          const known = isQueued ? queued : undefined;
          expect(read(known, entries)).toEqual(historyOf(known ?? { opId: 'a' }, entries));
        }
      },
    ),
  );
});

test('I12: reads a cleared or different log anew', () => {
  const read = createHistoryReader('a');
  const entry = (id: number, name: string): LogEntry => ({ type: 'event', id, at: id, name, data: {}, ...refOf('a') });
  const whats = (entries: readonly LogEntry[]): readonly string[] => read(undefined, entries).map(({ what }) => what);
  expect(whats([entry(1, 'op.failed'), entry(2, 'op.stuck')])).toEqual(['failed', 'stuck']);
  expect(whats([])).toEqual([]);
  expect(whats([entry(3, 'op.pushed')])).toEqual(['left the outbox: applied']);
  expect(whats([entry(1, 'op.failed')])).toEqual(['failed']);
});

test('I10: reads each entry once, however long the log is', () => {
  let looked = 0;
  const watched = (entry: LogEntry): LogEntry =>
    new Proxy(entry, {
      get: (target, name) => {
        if (name === 'type') looked += 1;
        return Reflect.get(target, name) as unknown;
      },
    });
  const entries = Array.from({ length: 1_000 }, (_, index) =>
    watched({ type: 'event', id: index + 1, at: index, name: 'op.pushed', data: {}, ...refOf('d') }),
  );
  const read = createHistoryReader('a');
  read(queued, entries);
  const first = looked;
  entries.push(watched({ type: 'event', id: 1_001, at: 1_001, name: 'op.failed', data: {}, ...refOf('a') }));
  expect(read(queued, entries)).toHaveLength(2);
  expect(looked - first).toBeLessThan(20);
});
