import type { JsonObject } from '../../model/values/json.ts';
import {
  conformanceClient,
  cursorAfter,
  holds,
  same,
  versionOf,
  type ConformanceClient,
} from './conformance-client.ts';
import type { ConformanceCase, ConformanceSubject } from './conformance-subject.ts';
import { oddIds } from './write-cases.ts';

async function fill(subject: ConformanceSubject, ask: ConformanceClient, count: number): Promise<readonly string[]> {
  const ids = Array.from({ length: count }, (_, index) => `r${index}`);
  await subject.transport.push(
    ids.map((id) => ask.upsert(id, `title of ${id}`)),
    {},
  );
  return ids;
}

const idsOf = (rows: readonly JsonObject[]): string[] => rows.map((row) => String(row['id'])).toSorted();
const textOf = (ids: readonly string[]): string => ids.toSorted().join();

/** Reads changes page by page. */
export const pullCases: readonly ConformanceCase[] = [
  {
    title: 'a pull brings every row exactly once, in pages no larger than asked (PROTOCOL §2)',
    about: 'pull',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const ids = await fill(subject, ask, 23);
      const rows = await ask.pullAll({
        pageSize: 5,
        onPage: ({ items }) => holds(items.length <= 5, `a page has at most 5 rows, got ${items.length}`),
      });
      same(idsOf(rows).join(), textOf(ids), 'the ids pulled');
    },
  },
  {
    title: 'a pull of nothing is an empty page and an end (PROTOCOL §2)',
    about: 'pull',
    needs: [],
    run: async (subject) => {
      const page = await conformanceClient(subject).pull();
      same(page.items.length, 0, 'the number of rows');
      holds(page.hasMore !== true, 'an empty server has no more');
    },
  },
  {
    title: 'pulled rows have an id and the very version that the write was answered with (F-63)',
    about: 'pull',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const written = await ask.write(ask.upsert('a', 'A'));
      const [row = {}] = await ask.pullAll();
      same(String(row['id']), 'a', 'the id');
      same(versionOf(row), versionOf(written), 'the version');
      same(row['title'], 'A', 'the title');
    },
  },
  {
    title: 'a pull from where the last one ended brings nothing, and after a change exactly the change (I6)',
    about: 'pull',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      await fill(subject, ask, 5);
      const rows = await ask.pullAll();
      const since = cursorAfter(newestOf(rows));
      same((await ask.pullAll({ since })).length, 0, 'the number of rows that changed');
      const target = rows.find((row) => row['id'] === 'r1') ?? {};
      await ask.write(ask.upsert('r1', 'changed', versionOf(target)));
      const changed = await ask.pullAll({ since });
      same(idsOf(changed).join(), 'r1', 'the ids that changed');
      same(changed[0]?.['title'], 'changed', 'the title pulled');
    },
  },
  {
    title: 'rows changed and created while the pull runs hide no other row (PROTOCOL §9)',
    about: 'pull',
    needs: ['stablePages'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const ids = await fill(subject, ask, 12);
      const rows = await ask.pullAll({
        pageSize: 4,
        onPage: async (_, index) => {
          if (index > 2) return;
          await ask.write(ask.upsert(`new${index}`, 'new'));
          await ask.write({ ...ask.upsert('r0', `changed ${index}`), creates: false });
        },
      });
      const found = new Set(idsOf(rows));
      same(textOf(ids.filter((id) => !found.has(id))), '', 'the ids of the rows that the pull missed');
    },
  },
  {
    title: 'a row deleted while the pull runs hides no other row (PROTOCOL §9)',
    about: 'pull',
    needs: ['tombstones', 'stablePages'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const ids = await fill(subject, ask, 12);
      const rows = await ask.pullAll({
        pageSize: 4,
        onPage: async (page, index) => {
          const first = page.items[0];
          if (index === 0 && first !== undefined) await ask.push(ask.remove(String(first['id']), versionOf(first)));
        },
      });
      const found = new Set(idsOf(rows));
      same(textOf(ids.filter((id) => !found.has(id))), '', 'the ids of the rows that the pull missed');
    },
  },
  {
    title: 'pages of one row get past every id (PROTOCOL §2)',
    about: 'pull',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      await subject.transport.push(
        oddIds.map((id) => ask.upsert(id, 'x')),
        {},
      );
      same(idsOf(await ask.pullAll({ pageSize: 1 })).join(), textOf(oddIds), 'the ids pulled');
    },
  },
  {
    title: 'a page size larger than the server allows ends no pull early (F-62)',
    about: 'pull',
    needs: [],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const ids = await fill(subject, ask, 30);
      same(idsOf(await ask.pullAll({ pageSize: 10_000 })).join(), textOf(ids), 'the ids pulled');
    },
  },
];

/** The last row in version order. With tokens, pages need not be sorted by time. */
const newestOf = (rows: readonly JsonObject[]): JsonObject =>
  rows.reduce((newest, row) => (versionOf(row) >= versionOf(newest) ? row : newest), rows[0] ?? {});
