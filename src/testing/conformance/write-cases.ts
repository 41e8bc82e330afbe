import { conformanceClient, holds, isOf, same, versionOf } from './conformance-client.ts';
import type { ConformanceCase } from './conformance-subject.ts';

/** Ids that a URL, query, template or path could break. */
export const oddIds = ['ä/ö 1', 'a%2Fb', 'x?y#z&w=1', 'quote\'"', '日本', 'UPPER', '0', '...', 'a b+c', '$id', '{id}'];

/** Creates and changes rows. */
export const writeCases: readonly ConformanceCase[] = [
  {
    title: 'a create is answered with the row as it is stored (PROTOCOL §3)',
    about: 'writes',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const row = await ask.write(ask.upsert('a', 'A'));
      same(row['title'], 'A', 'the title of the created row');
      same(String(row['id']), 'a', 'the id of the created row');
      holds(versionOf(row) !== '', 'the created row has an updatedAt');
    },
  },
  {
    title: 'an edit on the present version is applied and gives the row a new version (PROTOCOL §3)',
    about: 'writes',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const created = await ask.write(ask.upsert('a', 'A'));
      const edited = await ask.write(ask.upsert('a', 'B', versionOf(created)));
      same(edited['title'], 'B', 'the title of the edited row');
      holds(versionOf(edited) !== versionOf(created), 'the edit changes updatedAt');
    },
  },
  {
    title:
      'writes of other clients are overwritten only knowingly: a create over a row is a conflict where writes are conditional (F-40)',
    about: 'writes',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      await ask.write(ask.upsert('a', 'A'));
      const second = await ask.push(ask.upsert('a', 'B'));
      isOf(
        second,
        subject.transport.capabilities.conditionalWrite === true ? ['pushConflict'] : ['pushSuccess', 'pushConflict'],
        'a create over a row',
      );
      same(await ask.titleOf('a'), second.type === 'pushSuccess' ? 'B' : 'A', 'the title after it');
    },
  },
  {
    title: 'ids and texts survive whatever they hold (PROTOCOL §1)',
    about: 'writes',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      for (const id of oddIds) {
        same(String((await ask.write(ask.upsert(id, `${id} \u{1F600} \n"\\`)))['id']), id, 'the answered id');
        const found = await subject.transport.fetch({ kind: ask.kind, id });
        same(found.type === 'fetchSuccess' ? String(found.data['id']) : found.type, id, 'the fetched id');
        same(await ask.titleOf(id), `${id} \u{1F600} \n"\\`, 'the fetched title');
      }
      same((await ask.pullAll()).length, oddIds.length, 'the number of rows');
    },
  },
  {
    title: 'a row with an odd id can be changed and deleted like any other (PROTOCOL §1, §4)',
    about: 'writes',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      for (const id of oddIds) {
        const created = await ask.write(ask.upsert(id, 'A'));
        const edited = await ask.write(ask.upsert(id, 'B', versionOf(created)));
        isOf(await ask.push(ask.remove(id, versionOf(edited))), ['pushSuccess'], `the delete of ${id}`);
      }
    },
  },
  {
    title: 'empty and long texts arrive unchanged (PROTOCOL §3)',
    about: 'writes',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const long = 'ä'.repeat(50_000);
      await ask.write(ask.upsert('empty', ''));
      await ask.write(ask.upsert('long', long));
      same(await ask.titleOf('empty'), '', 'the empty title');
      holds((await ask.titleOf('long')) === long, 'the long title is unchanged');
    },
  },
];
