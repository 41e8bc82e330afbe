import { conformanceClient, holds, isOf, same, versionOf } from './conformance-client.ts';
import type { ConformanceCase } from './conformance-subject.ts';

/** The identity of a request, which makes resending safe. */
export const identityCases: readonly ConformanceCase[] = [
  {
    title: 'I2: the same request sent again is one effect with one answer',
    about: 'identity',
    needs: ['idempotency'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const op = ask.upsert('a', 'A');
      const first = versionOf(await ask.write(op));
      same(versionOf(await ask.write(op)), first, 'the version in the second answer');
      same(versionOf((await ask.pullAll())[0] ?? {}), first, 'the stored version');
    },
  },
  {
    title: 'I2: the identity of a request is its requestId where it has one, whatever the operation is called',
    about: 'identity',
    needs: ['idempotency'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const op = ask.upsert('a', 'A');
      const first = versionOf(await ask.write(op));
      same(
        versionOf(await ask.write({ ...op, opId: 'other', requestId: op.opId })),
        first,
        'the version under the same requestId',
      );
      holds(
        versionOf(await ask.write({ ...op, creates: false, requestId: `${op.opId}#2` })) !== first,
        'another requestId is another request',
      );
    },
  },
  {
    title: 'I2: another body under the same request identity is refused and has no effect',
    about: 'identity',
    needs: ['idempotency'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const op = ask.upsert('a', 'A');
      await ask.write(op);
      isOf(await ask.push({ ...op, payload: { title: 'B' } }), ['pushRejected'], 'another body');
      same(await ask.titleOf('a'), 'A', 'the title after it');
    },
  },
  {
    title: 'I2: a repeated request does not undo what was written after it',
    about: 'identity',
    needs: ['idempotency'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const op = ask.upsert('a', 'A');
      const first = versionOf(await ask.write(op));
      await ask.write(ask.upsert('a', 'B', first));
      same(versionOf(await ask.write(op)), first, 'the answer to the repeated request');
      same(await ask.titleOf('a'), 'B', 'the title after it');
    },
  },
  {
    title: 'I2: the same delete again is answered the same',
    about: 'identity',
    needs: ['idempotency'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const base = versionOf(await ask.write(ask.upsert('a', 'A')));
      const op = ask.remove('a', base);
      isOf(await ask.push(op), ['pushSuccess'], 'a delete');
      isOf(await ask.push(op), ['pushSuccess'], 'the same delete again');
    },
  },
  {
    title: 'I2: a repeated delete does not take away a row that was created again',
    about: 'identity',
    needs: ['idempotency'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      await ask.write(ask.upsert('a', 'A'));
      const op = ask.remove('a');
      await ask.push(op);
      await ask.write({ ...ask.upsert('a', 'again'), creates: false });
      await ask.push(op);
      same(await ask.titleOf('a'), 'again', 'the title after it');
    },
  },
];
