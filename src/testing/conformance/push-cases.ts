import type { OpPushResult } from '../../model/transport.ts';
import { conformanceClient, holds, isOf, same, switchOf, versionOf } from './conformance-client.ts';
import type { ConformanceCase } from './conformance-subject.ts';

const opIdsOf = (items: readonly { readonly opId: string }[]): string => items.map(({ opId }) => opId).join();
const sorted = (items: readonly OpPushResult[]): string =>
  items
    .map(({ opId }) => opId)
    .toSorted()
    .join();

/** Several operations in one push. */
export const pushCases: readonly ConformanceCase[] = [
  {
    title: 'a push answers every operation once, in its order, under its own opId (F-04)',
    about: 'push',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const ops = ['a', 'b', 'c'].map((id) => ({ ...ask.upsert(id, id), requestId: `request of ${id}` }));
      const { results } = await subject.transport.push(ops, {});
      same(opIdsOf(results), opIdsOf(ops), 'the ids of the results');
    },
  },
  {
    title: 'I9: each answer is told as it comes, each once, none after the push has settled',
    about: 'push',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const told: OpPushResult[] = [];
      const ops = ['a', 'b', 'a', 'c'].map((id, index) => ({ ...ask.upsert(id, String(index)), creates: index !== 2 }));
      const { results } = await subject.transport.push(ops, {
        onAnswer: (answer) => {
          told.push(answer);
        },
      });
      same(sorted(told), sorted(results), 'the ids told');
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
      same(told.length, ops.length, 'the number of answers told');
    },
  },
  {
    title: 'I3: operations of one entity take effect in their order',
    about: 'push',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const ops = Array.from({ length: 12 }, (_, index) => ({
        ...ask.upsert(index % 3 === 0 ? 'other' : 'a', String(index)),
        creates: index < 2,
      }));
      await subject.transport.push(ops, {});
      same(await ask.titleOf('a'), '11', 'the title after the last one');
      same(await ask.titleOf('other'), '9', 'the title of the other row');
    },
  },
  {
    title: 'I3: no two requests of one entity are under way at once',
    about: 'push',
    needs: ['holds'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const held = switchOf(subject, 'holdNextRequests')();
      const push = subject.transport.push([ask.upsert('a', '1'), { ...ask.upsert('a', '2'), creates: false }], {});
      await held.arrived;
      await new Promise((resolve) => {
        setTimeout(resolve, 20);
      });
      same(held.count(), 1, 'the number of requests under way');
      held();
      same((await push).results.map(({ result }) => result.type).join(), 'pushSuccess,pushSuccess', 'the answers');
      same(await ask.titleOf('a'), '2', 'the title');
    },
  },
  {
    title: 'I3: after an operation that may not have arrived, the later ones of its entity are not sent',
    about: 'push',
    needs: ['statuses'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'failNextRequests')(1, 500);
      const { results } = await subject.transport.push(
        [ask.upsert('a', '1'), { ...ask.upsert('a', '2'), creates: false }],
        {},
      );
      isOf(results[0]?.result, ['pushUnavailable', 'pushAmbiguous'], 'the first operation');
      const second = results[1]?.result;
      const answered =
        second?.type === 'pushUnavailable' && second.dispatched && subject.transport.capabilities.batch === true;
      holds(
        answered || (second?.type === 'pushUnavailable' && !second.dispatched),
        `the second was not sent, got ${String(second?.type)}`,
      );
      same(await ask.titleOf('a'), undefined, 'the title');
    },
  },
  {
    title: 'I13: an operation that is refused stops no other entity',
    about: 'push',
    needs: ['conflicts'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const old = versionOf(await ask.write(ask.upsert('a', 'A')));
      await ask.write(ask.upsert('a', 'B', old));
      const { results } = await subject.transport.push([ask.upsert('a', 'C', old), ask.upsert('b', 'B')], {});
      isOf(results[0]?.result, ['pushConflict'], 'the operation on the old version');
      isOf(results[1]?.result, ['pushSuccess'], 'the other operation');
    },
  },
  {
    title: 'large pushes are answered completely (I1)',
    about: 'push',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const ops = Array.from({ length: 250 }, (_, index) => ask.upsert(`row ${index}`, 'x'));
      const { results } = await subject.transport.push(ops, {});
      same(opIdsOf(results), opIdsOf(ops), 'the ids of the results');
      same(results.filter(({ result }) => result.type === 'pushSuccess').length, ops.length, 'the number of successes');
      same((await ask.pullAll()).length, ops.length, 'the number of rows');
    },
  },
  {
    title: 'a push of nothing asks nothing and answers nothing (F-04)',
    about: 'push',
    needs: [],
    run: async (subject) => {
      same((await subject.transport.push([], {})).results.length, 0, 'the number of results');
    },
  },
  {
    title: 'operations are only read: the same ones can be handed over again (I2)',
    about: 'push',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const op = ask.upsert('a', 'A', undefined);
      const before = JSON.stringify(op);
      await ask.push(op);
      same(JSON.stringify(op), before, 'the operation after the push');
    },
  },
];
