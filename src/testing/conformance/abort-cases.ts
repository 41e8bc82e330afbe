import { epochTimestamp } from '../../model/cursor.ts';
import { conformanceClient, holds, isOf, rejectionOf, same, settlesWithin, switchOf } from './conformance-client.ts';
import type { ConformanceCase } from './conformance-subject.ts';

/** PAUSE and STOP: requests in flight end at once, and the results report correctly what was sent. */
export const abortCases: readonly ConformanceCase[] = [
  {
    title: 'I9: a push that is aborted from the start sends nothing and says so for each operation',
    about: 'abort',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const { results } = await subject.transport.push([ask.upsert('a', 'A'), ask.upsert('b', 'B')], {
        signal: AbortSignal.abort(),
      });
      same(results.length, 2, 'the number of results');
      for (const { result } of results)
        holds(result.type === 'pushUnavailable' && !result.dispatched, `it was not dispatched, got ${result.type}`);
      same((await ask.pullAll()).length, 0, 'the number of rows');
    },
  },
  {
    title: 'I9: a pull or fetch that is aborted from the start ends without a page',
    about: 'abort',
    needs: [],
    run: async (subject) => {
      const { kind } = conformanceClient(subject);
      const signal = AbortSignal.abort();
      await rejectionOf(
        subject.transport.pull({ kind, updatedSince: epochTimestamp, pageSize: 1, includeDeleted: true, signal }),
        'the pull',
      );
      same((await subject.transport.fetch({ kind, id: 'a', signal })).type, 'fetchError', 'the fetch');
    },
  },
  {
    title: 'health never rejects, also when aborted (PROTOCOL §5)',
    about: 'abort',
    needs: [],
    run: async (subject) => {
      same(await subject.transport.health({ signal: AbortSignal.abort() }), false, 'health');
    },
  },
  {
    title: 'I9: a push aborted under way settles within 50 ms; what was sent is ambiguous, the rest was not sent',
    about: 'abort',
    needs: ['holds'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const held = switchOf(subject, 'holdNextRequests')();
      const controller = new AbortController();
      const push = subject.transport.push([ask.upsert('a', '1'), { ...ask.upsert('a', '2'), creates: false }], {
        signal: controller.signal,
      });
      await held.arrived;
      controller.abort();
      // The limit is 50 ms. The slack is for machines that run other tests.
      const { results } = await settlesWithin(50 + slack, push, 'the aborted push');
      held();
      isOf(results[0]?.result, ['pushAmbiguous'], 'the operation that was under way');
      const second = results[1]?.result;
      const sentWithIt = subject.transport.capabilities.batch === true && second?.type === 'pushAmbiguous';
      holds(
        sentWithIt || (second?.type === 'pushUnavailable' && !second.dispatched),
        `the second was not dispatched, got ${String(second?.type)}`,
      );
    },
  },
  {
    title: 'I9: a pull aborted under way rejects within 50 ms',
    about: 'abort',
    needs: ['holds'],
    run: async (subject) => {
      const { kind } = conformanceClient(subject);
      const held = switchOf(subject, 'holdNextRequests')();
      const controller = new AbortController();
      const pull = subject.transport.pull({
        kind,
        updatedSince: epochTimestamp,
        pageSize: 1,
        includeDeleted: true,
        signal: controller.signal,
      });
      const rejected = rejectionOf(pull, 'the aborted pull');
      await held.arrived;
      controller.abort();
      await settlesWithin(50 + slack, rejected, 'the aborted pull');
      held();
    },
  },
  {
    title: 'I9: answers that came before an abort are kept',
    about: 'abort',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const controller = new AbortController();
      const ops = ['a', 'b', 'c'].map((id) => ask.upsert(id, id));
      const { results } = await subject.transport.push(ops, {
        signal: controller.signal,
        onAnswer: () => controller.abort(),
      });
      same(results.length, ops.length, 'the number of results');
      isOf(results[0]?.result, ['pushSuccess'], 'the operation answered before the abort');
      const stored = (await ask.pullAll()).length;
      const successes = results.filter(({ result }) => result.type === 'pushSuccess').length;
      holds(stored >= successes, `every success is stored, got ${stored} rows and ${successes} successes`);
    },
  },
];

const slack = 450;
