import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAnswerSheet } from '../../src/devtools/agent/recording/answer-sheet.ts';
import type { Op } from '../../src/model/operation.ts';
import { pushAmbiguous, pushForbidden, pushSuccess, type OpPushResult } from '../../src/model/transport.ts';
import { createSimulatedClock } from '../../src/testing/simulated-clock.ts';
import '../support/fast-check-seed.ts';

const opIds = ['a', 'b', 'c', 'd'] as const;
const ops = opIds.map((opId): Op => ({ opId }) as Op);
const answer = fc.record({
  opId: fc.constantFrom(...opIds, 'unknown'),
  result: fc.constantFrom(pushForbidden('no'), pushAmbiguous({ message: 'lost' }), pushSuccess({})),
});

test("I12: shows an operation's first answer, whatever the order or repetition of reports", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(answer, { maxLength: 6 }),
      fc.array(answer, { maxLength: 6 }),
      fc.boolean(),
      async (told, given, isOrderly) => {
        const clock = createSimulatedClock();
        const sheet = createAnswerSheet(clock);
        const byOp = new Map<string, { readonly result: unknown; readonly afterMs: number }>();
        const early: readonly OpPushResult[] = isOrderly
          ? opIds.map((opId) => ({ opId, result: pushSuccess({}) })).slice(0, told.length)
          : told;
        let afterMs = 0;
        for (const { opId, result } of early) {
          await clock.advance(5);
          afterMs += 5;
          sheet.note({ opId, result });
          if (!byOp.has(opId)) byOp.set(opId, { result, afterMs });
        }
        const late = isOrderly ? [...early, ...given] : given;
        for (const { opId, result } of late) if (!byOp.has(opId)) byOp.set(opId, { result, afterMs });
        const answered = sheet.of(ops, late);
        expect(ops.map(({ opId }, place) => answered(opId, place))).toEqual(ops.map(({ opId }) => byOp.get(opId)));
      },
    ),
  );
});

test('I12: a call that ended without results shows the answers received so far', () => {
  const sheet = createAnswerSheet(createSimulatedClock());
  sheet.note({ opId: 'a', result: pushSuccess({}) });
  const answered = sheet.of(ops, undefined);
  expect(opIds.map((opId, place) => answered(opId, place)?.result.type)).toEqual([
    'pushSuccess',
    undefined,
    undefined,
    undefined,
  ]);
});
