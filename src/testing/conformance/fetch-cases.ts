import { conformanceClient, holds, isDeleted, same, versionOf } from './conformance-client.ts';
import type { ConformanceCase } from './conformance-subject.ts';

/** Reads single rows and the server's health. */
export const fetchCases: readonly ConformanceCase[] = [
  {
    title: 'a fetch brings the row as it is stored, in its present version (PROTOCOL §5)',
    about: 'fetch',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const written = await ask.write(ask.upsert('a', 'A'));
      const found = await subject.transport.fetch({ kind: ask.kind, id: 'a' });
      same(found.type, 'fetchSuccess', 'the fetch');
      same(found.type === 'fetchSuccess' ? versionOf(found.data) : '', versionOf(written), 'the version');
    },
  },
  {
    title: 'a fetch of no row says that there is none (PROTOCOL §5)',
    about: 'fetch',
    needs: [],
    run: async (subject) => {
      same(
        (await subject.transport.fetch({ kind: conformanceClient(subject).kind, id: 'none' })).type,
        'fetchNotFound',
        'the fetch',
      );
    },
  },
  {
    title: 'a fetch of a deleted row says that it is deleted (F-22)',
    about: 'fetch',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      await ask.push(ask.remove('a', versionOf(await ask.write(ask.upsert('a', 'A')))));
      const found = await subject.transport.fetch({ kind: ask.kind, id: 'a' });
      holds(
        found.type === 'fetchNotFound' || (found.type === 'fetchSuccess' && isDeleted(found.data)),
        `no row or a tombstone, got ${found.type}`,
      );
    },
  },
  {
    title: 'health is true where the server answers (PROTOCOL §5)',
    about: 'fetch',
    needs: [],
    run: async (subject) => {
      same(await subject.transport.health({}), true, 'health');
    },
  },
];
