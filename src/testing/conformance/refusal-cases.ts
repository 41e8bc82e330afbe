import type { PushResult } from '../../model/transport.ts';
import { conformanceClient, fails, holds, isOf, rejectionOf, same, switchOf, versionOf } from './conformance-client.ts';
import type { ConformanceCase } from './conformance-subject.ts';

const words = 'reason 4711 of the server';

/** The server's explanation must reach the user, because nobody can fix the change without it. */
function saysWhy(result: PushResult): void {
  const message = 'message' in result ? (result.message ?? '') : '';
  holds(message.includes(words), `the words of the server, '${words}', got '${message}'`);
}

/**
 * Answers that look like a conflict or deletion but are neither. The engine judges them by what it knows, so the
 * adapter must pass on the explanation.
 */
export const refusalCases: readonly ConformanceCase[] = [
  {
    title: 'F-151: a creation that is refused for a UNIQUE value is not done, and keeps the words of the server',
    about: 'refusals',
    needs: ['refusals'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'refuseWrites')('a', 'duplicate', words);
      const result = await ask.push(ask.upsert('a', 'A'));
      isOf(result, ['pushConflict', 'pushRejected'], 'the creation');
      if (result.type === 'pushConflict') holds(result.serverDeleted !== true, 'no deletion');
      saysWhy(result);
      same(await ask.titleOf('a'), undefined, 'the title after it');
    },
  },
  {
    title: 'F-151: a creation that is answered 404 is not done, and keeps the words of the server',
    about: 'refusals',
    needs: ['refusals'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      switchOf(subject, 'refuseWrites')('a', 'notFound', words);
      const result = await ask.push(ask.upsert('a', 'A'));
      isOf(result, ['pushNotFound', 'pushRejected'], 'the creation');
      saysWhy(result);
    },
  },
  {
    title:
      'F-151: an edit that is refused on the present version shows that version, or leaves it to be fetched, and keeps the words of the server',
    about: 'refusals',
    needs: ['refusals'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const base = versionOf(await ask.write(ask.upsert('a', 'A')));
      switchOf(subject, 'refuseWrites')('a', 'locked', words);
      const result = await ask.push(ask.upsert('a', 'B', base));
      isOf(result, ['pushConflict', 'pushRejected'], 'the edit');
      if (result.type === 'pushConflict') {
        holds(result.serverDeleted !== true, 'no deletion');
        if (result.serverData !== undefined)
          same(versionOf(result.serverData), base, 'the version of the row in the answer');
      }
      saysWhy(result);
      same(await ask.titleOf('a'), 'A', 'the title after it');
    },
  },
  {
    title: 'F-150: a delete that is answered 404 while the row is there is not done',
    about: 'refusals',
    needs: ['refusals'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const base = versionOf(await ask.write(ask.upsert('a', 'A')));
      switchOf(subject, 'refuseWrites')('a', 'notFound', words);
      const result = await ask.push(ask.remove('a', base));
      if (result.type === 'pushSuccess' || result.type === 'pushNotFound')
        fails(`${result.type} means that the row is gone, and it is there`);
      same(await ask.titleOf('a'), 'A', 'the title after it');
    },
  },
  {
    title: 'F-150: what a gateway answers with 404 is no word of the API: nothing is done, nothing is gone',
    about: 'refusals',
    needs: ['gateways'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const base = versionOf(await ask.write(ask.upsert('a', 'A')));
      const setGateway = switchOf(subject, 'setGateway');
      setGateway(true);
      for (const op of [ask.remove('a', base), ask.upsert('a', 'B', base), ask.upsert('b', 'B')])
        isOf(await ask.push(op), ['pushMalformed', 'pushAmbiguous', 'pushUnavailable'], `the ${op.type} of ${op.id}`);
      same((await subject.transport.fetch({ kind: ask.kind, id: 'a' })).type, 'fetchError', 'the fetch');
      await rejectionOf(ask.pull(), 'the pull');
      setGateway(false);
      same(await ask.titleOf('a'), 'A', 'the title after it');
    },
  },
  {
    title: 'F-152: a row that the server does not have is sent whole, whichever of its fields were changed last',
    about: 'writes',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      same((await ask.write({ ...ask.upsert('a', 'A'), changedFields: [] }))['title'], 'A', 'the title of the new row');
    },
  },
];
