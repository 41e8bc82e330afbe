import { DataSource, EntitySchema, QueryFailedError, type DataSourceOptions } from 'typeorm';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { affectedRows } from '../support/affected-rows.ts';
import { gateConnection, type ConnectionGate } from '../../src/persistence/gate/connection-gate.ts';

interface Sample {
  id: string;
  count: number;
  price: number | null;
  done: boolean;
  at: Date | null;
  payload: { nested: string[] } | null;
  bytes: Buffer | null;
  note: string | null;
}

const Sample = new EntitySchema<Sample>({
  name: 'Sample',
  tableName: 'samples',
  columns: {
    id: { type: 'text', primary: true },
    count: { type: 'integer' },
    price: { type: 'real', nullable: true },
    done: { type: 'boolean' },
    at: { type: 'datetime', nullable: true },
    payload: { type: 'simple-json', nullable: true },
    bytes: { type: 'blob', nullable: true },
    note: { type: 'text', nullable: true },
  },
});
const Numbered = new EntitySchema<{ seq: number; name: string }>({
  name: 'Numbered',
  tableName: 'numbered',
  columns: { seq: { type: 'integer', primary: true, generated: 'increment' }, name: { type: 'text', unique: true } },
});

const sample = (id: string, more: Partial<Sample> = {}): Sample => ({
  id,
  count: 1,
  price: null,
  done: false,
  at: null,
  payload: null,
  bytes: null,
  note: null,
  ...more,
});

/** What the store expects of a driver under TypeORM; `options` names the driver and an empty database. */
export function driverContract(name: string, options: () => DataSourceOptions): void {
  describe(`driver contract: ${name}`, () => {
    let dataSource: DataSource;
    let gate: ConnectionGate;
    beforeEach(async () => {
      dataSource = new DataSource({ ...options(), entities: [Sample, Numbered], synchronize: true });
      gate = gateConnection(dataSource);
      await dataSource.initialize();
    });
    afterEach(() => dataSource.destroy());

    test('stores numbers from a query builder unchanged, whatever the column type', async () => {
      await dataSource.getRepository(Sample).insert(sample('a', { price: 2 }));
      const set = async (values: object): Promise<unknown> => {
        await dataSource.createQueryBuilder().update(Sample).set(values).where('count > :n', { n: 0 }).execute();
        const [row] = await dataSource.query(
          `SELECT count, typeof(count) AS "countType", price, typeof(price) AS "priceType", note, typeof(note) AS "noteType" FROM samples`,
        );
        return row;
      };
      const types = { countType: 'integer', priceType: 'real', noteType: 'text' };
      expect(await set({ count: 7, price: 3, note: 5 as unknown as string })).toEqual({
        count: 7,
        price: 3,
        note: '5',
        ...types,
      });
      const most = Number.MAX_SAFE_INTEGER;
      expect(await set({ count: most, price: -0.5, note: 0.25 as unknown as string })).toEqual({
        count: most,
        price: -0.5,
        note: '0.25',
        ...types,
      });
    });

    const query = <T = Record<string, unknown>>(sql: string, parameters: unknown[] = []): Promise<T[]> =>
      dataSource.query<T[]>(sql, parameters);

    test('returns every column type as it was saved', async () => {
      const full = sample('a', {
        count: 2 ** 40,
        price: 0.1,
        done: true,
        at: new Date(1_700_000_000_123),
        payload: { nested: ['one', 'two'] },
        bytes: Buffer.from([0, 255, 7]),
        note: "it's “quoted” ?",
      });
      await dataSource.getRepository(Sample).save(full);
      await dataSource.getRepository(Sample).insert(sample('b'));
      const found = await dataSource.getRepository(Sample).findOneByOrFail({ id: 'a' });
      // sql.js returns a plain Uint8Array.
      expect({ ...found, bytes: Buffer.from(found.bytes ?? []) }).toEqual(full);
      expect(await dataSource.getRepository(Sample).findOneByOrFail({ id: 'b' })).toEqual(sample('b'));
    });

    test('binds booleans, dates, undefined and bigints alike in raw parameters', async () => {
      const [row] = await query('SELECT ? AS yes, ? AS no, ? AS at, ? AS nil, ? AS big, typeof(?) AS type', [
        true,
        false,
        new Date(0),
        undefined,
        12n,
        3,
      ]);
      expect(row).toMatchObject({ yes: 1, no: 0, at: '1970-01-01 00:00:00.000', nil: null, big: 12 });
      await expect(query('SELECT ?', [{ a: 1 }])).rejects.toThrow(/JSON\.stringify/);
      await expect(query('SELECT ?', [[1]])).rejects.toThrow(/list/);
    });

    test('the query builder finds a raw date by a Date', async () => {
      const at = new Date(1_700_000_000_123);
      await query('INSERT INTO samples (id, count, done, at) VALUES (?, 0, ?, ?)', ['a', true, at]);
      expect(await dataSource.getRepository(Sample).findOneBy({ at, done: true })).toMatchObject({ id: 'a', at });
    });

    test('returns generated ids after an insert, also for bulk inserts', async () => {
      expect(await dataSource.getRepository(Numbered).save({ name: 'one' })).toMatchObject({ seq: 1 });
      const inserted = await dataSource.getRepository(Numbered).insert([{ name: 'two' }, { name: 'three' }]);
      // TypeORM asks sql.js for the last id only.
      expect(inserted.identifiers).toEqual(
        name.startsWith('sqljs') ? [{ seq: 3 }, { seq: 3 }] : [{ seq: 2 }, { seq: 3 }],
      );
    });

    test('affectedRows counts the rows written by INSERT, UPDATE, DELETE, upsert and RETURNING', async () => {
      const count = (sql: string, parameters: unknown[] = []): Promise<number> =>
        gate.transaction((runner) => affectedRows(runner, sql, parameters));
      expect(await count("INSERT INTO samples (id, count, done) VALUES ('a', 1, 0), ('b', 2, 0), ('c', 3, 0)")).toBe(3);
      expect(await count('UPDATE samples SET count = count + 1 WHERE count >= ?', [2])).toBe(2);
      expect(await count('UPDATE samples SET count = 0 WHERE id = ?', ['nobody'])).toBe(0);
      expect(await count("UPDATE samples SET note = 'x' WHERE count > 2 RETURNING id")).toBe(2);
      expect(
        await count(
          "INSERT INTO samples (id, count, done) VALUES ('a', 9, 0), ('d', 9, 0) ON CONFLICT (id) DO NOTHING",
        ),
      ).toBe(1);
      expect(
        await count(
          'WITH old AS (SELECT id FROM samples WHERE count > 2) DELETE FROM samples WHERE id IN (SELECT id FROM old)',
        ),
      ).toBe(3);
      expect(await count('DELETE FROM samples')).toBe(1);
      expect(await count('-- a comment\n DELETE FROM samples')).toBe(0);
    });

    test('RETURNING returns rows in plain and structured results, also for an insert', async () => {
      const sql =
        "INSERT INTO samples (id, count, done, note) VALUES (?, 5, 0, 'returning'), ('z', 6, 0, '') RETURNING id, count";
      expect(await query(sql, ['y'])).toEqual([
        { id: 'y', count: 5 },
        { id: 'z', count: 6 },
      ]);
      const structured = await gate.read((runner) => runner.query('DELETE FROM samples RETURNING id', [], true));
      expect(structured.records).toEqual([{ id: 'y' }, { id: 'z' }]);
      expect(await query('SELECT id FROM samples')).toEqual([]);
    });

    test('treats text that looks like RETURNING as text', async () => {
      const written = await gate.read((runner) =>
        affectedRows(
          runner,
          "INSERT INTO samples (id, count, done, note) VALUES ('a', 1, 0, 'is it returning?') /* returning */",
        ),
      );
      expect(written).toBe(1);
    });

    test('supports UPDATE … FROM (VALUES …), json_each, upsert with excluded, and WITH … SELECT', async () => {
      await query("INSERT INTO samples (id, count, done) VALUES ('a', 1, 0), ('b', 2, 0), ('c', 3, 0)");
      await query(
        'UPDATE samples SET count = v.column2 FROM (VALUES (?, ?), (?, ?)) AS v WHERE samples.id = v.column1',
        ['a', 10, 'b', 20],
      );
      expect(
        await query('SELECT id FROM samples WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id', [
          JSON.stringify(['a', 'c']),
        ]),
      ).toEqual([{ id: 'a' }, { id: 'c' }]);
      await query(
        "INSERT INTO samples (id, count, done) VALUES ('a', 7, 1) ON CONFLICT (id) DO UPDATE SET count = excluded.count",
      );
      expect(await query('WITH s AS (SELECT id, count FROM samples) SELECT count FROM s ORDER BY id')).toEqual([
        { count: 7 },
        { count: 20 },
        { count: 3 },
      ]);
    });

    test('errors keep their code and the statement', async () => {
      await dataSource.getRepository(Numbered).insert({ name: 'one' });
      const unique: unknown = await dataSource
        .getRepository(Numbered)
        .insert({ name: 'one' })
        .catch((error: unknown) => error);
      expect(unique).toBeInstanceOf(QueryFailedError);
      expect(unique).toMatchObject({ code: expect.stringMatching(/^SQLITE_CONSTRAINT/) as string });
      const syntax: unknown = await query('SELEC 1').catch((error: unknown) => error);
      expect(syntax).toBeInstanceOf(QueryFailedError);
      expect(syntax).toMatchObject({ code: 'SQLITE_ERROR', query: 'SELEC 1' });
      expect(await query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    });

    test('foreign keys are enabled, and stay enabled after writes', async () => {
      await dataSource.getRepository(Numbered).insert({ name: 'one' });
      await gate.transaction((runner) => runner.query("INSERT INTO numbered (name) VALUES ('two')"));
      expect(await query('PRAGMA foreign_keys')).toEqual([{ foreign_keys: 1 }]);
    });

    test('a reused statement sees a changed schema and new values', async () => {
      const all = 'SELECT * FROM numbered ORDER BY seq';
      await query('INSERT INTO numbered (name) VALUES (?)', ['one']);
      expect(await query(all)).toEqual([{ seq: 1, name: 'one' }]);
      await query('ALTER TABLE numbered ADD COLUMN extra text');
      await query('INSERT INTO numbered (name) VALUES (?)', [undefined]).catch(() => undefined);
      await query('INSERT INTO numbered (name) VALUES (?)', ['two']);
      expect(await query(all)).toEqual([
        { seq: 1, name: 'one', extra: null },
        { seq: 2, name: 'two', extra: null },
      ]);
    });

    test('runs the same statement twice concurrently inside one transaction', async () => {
      const rows = await gate.transaction((runner) =>
        Promise.all([1, 2, 3].map((n) => runner.query('SELECT ? AS n', [n]) as Promise<{ n: number }[]>)),
      );
      expect(rows).toEqual([[{ n: 1 }], [{ n: 2 }], [{ n: 3 }]]);
    });

    test('upserts 500 rows of 8 columns in one statement', async () => {
      const rows = Array.from({ length: 500 }, (_, i) => [`r${i}`, i, i / 2, 1, null, '{}', null, 'note']);
      const upsert = `INSERT INTO samples (id, count, price, done, at, payload, bytes, note) VALUES ${rows.map(() => '(?, ?, ?, ?, ?, ?, ?, ?)').join(', ')}
        ON CONFLICT (id) DO UPDATE SET count = excluded.count, note = excluded.note`;
      expect(await gate.transaction((runner) => affectedRows(runner, upsert, rows.flat()))).toBe(500);
      expect(await dataSource.getRepository(Sample).count()).toBe(500);
    });
  });
}
