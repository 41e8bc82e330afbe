import { conformanceClient, holds, isDeleted, isOf, same, versionOf } from './conformance-client.ts';
import type { ConformanceCase } from './conformance-subject.ts';

/** Deletes rows and checks how the server reports them afterwards. */
export const deleteCases: readonly ConformanceCase[] = [
  {
    title: 'a delete on the present version is done (PROTOCOL §4)',
    about: 'deletes',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const base = versionOf(await ask.write(ask.upsert('a', 'A')));
      isOf(await ask.push(ask.remove('a', base)), ['pushSuccess'], 'the delete');
      same((await ask.pullAll({ includeDeleted: false })).length, 0, 'the number of rows that are not deleted');
    },
  },
  {
    title: 'a delete of what is already gone says so (PROTOCOL §4)',
    about: 'deletes',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const base = versionOf(await ask.write(ask.upsert('a', 'A')));
      await ask.push(ask.remove('a', base));
      isOf(await ask.push(ask.remove('a', base)), ['pushNotFound', 'pushSuccess'], 'another delete of it');
      isOf(await ask.push(ask.remove('never')), ['pushNotFound', 'pushSuccess'], 'the delete of what never was');
    },
  },
  {
    title: 'a deleted row is in the next pull as a tombstone with its time, newer than the row was (PROTOCOL §2)',
    about: 'deletes',
    needs: ['tombstones'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const row = await ask.write(ask.upsert('a', 'A'));
      await ask.push(ask.remove('a', versionOf(row)));
      const since = { updatedSince: versionOf(row), afterId: 'a' };
      const [tombstone, ...others] = await ask.pullAll({ since });
      holds(tombstone !== undefined && isDeleted(tombstone), 'the pull after the delete brings the tombstone');
      holds(
        tombstone !== undefined && versionOf(tombstone) !== versionOf(row),
        'the tombstone has a version of its own',
      );
      same(others.length, 0, 'the number of other rows');
    },
  },
  {
    title: 'tombstones come only when they are asked for (PROTOCOL §2)',
    about: 'deletes',
    needs: ['tombstones'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      await ask.write(ask.upsert('stays', 'S'));
      await ask.push(ask.remove('a', versionOf(await ask.write(ask.upsert('a', 'A')))));
      same((await ask.pullAll({ includeDeleted: true })).length, 2, 'the number of rows with tombstones');
      same((await ask.pullAll({ includeDeleted: false })).length, 1, 'the number of rows without');
    },
  },
  {
    title: 'a write without base brings a deleted row back, and the tombstone is gone (PROTOCOL §3)',
    about: 'deletes',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      await ask.push(ask.remove('a', versionOf(await ask.write(ask.upsert('a', 'A')))));
      const again = await ask.write({ ...ask.upsert('a', 'again'), creates: false });
      same(again['title'], 'again', 'the title of the recreated row');
      holds(!isDeleted(again), 'the recreated row is not deleted');
      same((await ask.pullAll({ includeDeleted: false })).length, 1, 'the number of rows');
    },
  },
];
