import { afterEach, expect, test } from 'vitest';
import { TransportError } from '../../../src/model/errors/errors.ts';
import type { Outcome, OutcomeType } from '../../../src/model/outcome.ts';
import { outcomeEffects } from '../../../src/rules/answers/outcome-effects.ts';
import { answerOf, openStore, serverRow, type StoreBench } from '../../support/open-store.ts';
import { todoOf } from '../../support/todo.ts';

const error = TransportError.httpError(422);
const outcomes: Readonly<Record<OutcomeType, Outcome>> = {
  applied: { type: 'applied' },
  conflict: {
    type: 'conflict',
    current: serverRow('a', '2026-01-01T00:00:02.000001Z'),
    deleted: false,
    serverTimestamp: '2026-01-01T00:00:02.000001Z',
  },
  rejected: { type: 'rejected', error, code: 'invalid' },
  forbidden: { type: 'forbidden', error },
  authRequired: { type: 'authRequired', error },
  throttled: { type: 'throttled', error, retryAfterMs: undefined },
  notSent: { type: 'notSent', error },
  unavailable: { type: 'unavailable', error },
  retryLater: { type: 'retryLater', error },
  malformed: { type: 'malformed', error },
  ambiguous: { type: 'ambiguous', error },
};

let bench: StoreBench;
afterEach(() => bench.close());

test.each(Object.values(outcomes))(
  'F-09, F-133, I2: the store handles $type as the outcome table says',
  async (outcome) => {
    bench = await openStore('better-sqlite3');
    const { request, countsTry, head, isFailure } = outcomeEffects[outcome.type];
    await bench.writer.insertAndEnqueue(todoOf('a'));
    const [first] = await bench.takeAll();
    if (first === undefined) throw new Error('nothing was taken');
    const { facts } = await bench.store.settle([
      { ...answerOf(first, outcome), ...(outcome.type === 'retryLater' ? { dueInMs: 1_000 } : {}) },
    ]);
    expect(facts.some(({ type }) => type === 'op.failed')).toBe(isFailure);
    const [left] = await bench.queue.list();
    expect(left?.state).toBe(
      { gone: undefined, conflict: 'parked', ready: 'ready', waiting: 'waiting', ambiguous: 'parked' }[head],
    );
    if (head === 'gone') return;
    expect(left?.parkedFor).toBe(head === 'conflict' || head === 'ambiguous' ? head : undefined);
    expect(left?.tryCount).toBe(countsTry === 'always' ? 1 : 0);
    await bench.store.beginRun({ explicit: true, kinds: ['todos'], runId: 2 });
    const [again] = await bench.takeAll();
    if (head === 'conflict' || head === 'ambiguous') return;
    expect(again?.op.requestId).toBe(request === 'closed' ? 'op1#2' : 'op1');
    expect(again?.firstSentAt === undefined).toBe(request !== 'open');
  },
);
