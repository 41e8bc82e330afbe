import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource, EntitySchema, type DataSourceOptions, type EntityManager } from 'typeorm';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { SimulatedClock } from 'xstate';
import type { Clock } from '../../../src/model/platform/clock.ts';
import { DatabaseError } from '../../../src/model/errors/errors.ts';
import {
  gateConnection,
  gateOf,
  type ConnectionGate,
  type GateOptions,
} from '../../../src/persistence/gate/connection-gate.ts';
import { sqlite3Driver } from '../../../src/persistence/drivers/sqlite3-driver.ts';

interface Line {
  id: number;
  name: string;
}
const Line = new EntitySchema<Line>({
  name: 'Line',
  tableName: 'lines',
  columns: { id: { type: 'integer', primary: true, generated: 'increment' }, name: { type: 'text', unique: true } },
});

const folder = mkdtempSync(join(tmpdir(), 'synchart-gate-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const nextFile = (): string => join(folder, `${(files += 1)}.db`);

type DriverName = 'sqlite3' | 'better-sqlite3';
const connectTo = (driver: DriverName, database: string): DataSourceOptions =>
  driver === 'sqlite3'
    ? { type: 'expo', database, driver: sqlite3Driver() }
    : { type: 'better-sqlite3', database, timeout: 5, enableWAL: database !== ':memory:' };

const opened: DataSource[] = [];
afterEach(async () => {
  for (const dataSource of opened.splice(0)) if (dataSource.isInitialized) await dataSource.destroy();
});

async function open(
  driver: DriverName,
  database: string,
  options: GateOptions = {},
): Promise<{ dataSource: DataSource; gate: ConnectionGate }> {
  const dataSource = new DataSource({ ...connectTo(driver, database), entities: [Line], synchronize: true });
  opened.push(dataSource);
  await dataSource.initialize();
  return { dataSource, gate: gateConnection(dataSource, options) };
}

/** A promise with its resolvers: tests decide when a transaction continues. */
function gatekeeper(): { readonly opened: Promise<void>; readonly open: () => void } {
  let release = (): void => undefined;
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { opened: promise, open: () => release() };
}

const names = async (dataSource: DataSource): Promise<string[]> =>
  (await dataSource.getRepository(Line).find({ order: { name: 'ASC' } })).map(({ name }) => name);
const add = (manager: EntityManager, name: string): Promise<unknown> => manager.insert(Line, { name });
/** Runs the event loop until a condition holds; sqlite3 runs statements in threads. */
async function until(what: () => boolean): Promise<void> {
  for (let turns = 0; !what(); turns += 1) {
    if (turns > 100_000) throw new Error(`never came to be: ${what.toString()}`);
    await new Promise(setImmediate);
  }
}

const simulated = (): Clock & { readonly increment: (ms: number) => void } => {
  const clock = new SimulatedClock();
  return {
    now: () => clock.now(),
    setTimeout: (callback, delayMs) => clock.setTimeout(callback, delayMs),
    clearTimeout: (handle) => clock.clearTimeout(handle as number),
    increment: (ms) => clock.increment(ms),
  };
};

const setups: readonly (readonly [string, DriverName, () => string])[] = [
  ['sqlite3 in memory', 'sqlite3', () => ':memory:'],
  ['sqlite3 on a file', 'sqlite3', nextFile],
  ['better-sqlite3 in memory', 'better-sqlite3', () => ':memory:'],
  ['better-sqlite3 on a file', 'better-sqlite3', nextFile],
];

describe.each(setups)('%s', (_, driver, database) => {
  test('F-130: overlapping transactions, saves, inserts and engine work do not mix, and nothing is lost', async () => {
    const { dataSource, gate } = await open(driver, database());
    const inside = gatekeeper();
    const first = gatekeeper();
    const rolledBack = dataSource.transaction(async (manager) => {
      await add(manager, 'lost 1');
      inside.open();
      await first.opened;
      await manager.transaction((nested) => add(nested, 'lost 2'));
      throw new Error('changed my mind');
    });
    await inside.opened;
    const others = [
      dataSource.transaction((manager) => add(manager, 'transaction')),
      dataSource.getRepository(Line).save({ name: 'save' }),
      dataSource.getRepository(Line).insert({ name: 'insert' }),
      gate.transaction(async (runner) => {
        await runner.query("INSERT INTO lines (name) VALUES ('engine 1')");
        await runner.manager.save(Line, { name: 'engine 2' });
      }),
      dataSource.createQueryBuilder().insert().into(Line).values({ name: 'builder' }).execute(),
      dataSource.query("INSERT INTO lines (name) VALUES ('raw')"),
    ];
    await until(() => gate.waiting === others.length);
    first.open();
    await expect(rolledBack).rejects.toThrow('changed my mind');
    await Promise.all(others);
    expect(await names(dataSource)).toEqual([
      'builder',
      'engine 1',
      'engine 2',
      'insert',
      'raw',
      'save',
      'transaction',
    ]);
    expect(gate.waiting).toBe(0);
  });

  test('F-130: a plain read beside an open transaction does not see uncommitted data', async () => {
    const { dataSource, gate } = await open(driver, database());
    const inside = gatekeeper();
    const hold = gatekeeper();
    const transaction = dataSource.transaction(async (manager) => {
      await add(manager, 'dirty');
      inside.open();
      await hold.opened;
      throw new Error('no');
    });
    await inside.opened;
    const read = names(dataSource);
    await until(() => gate.waiting === 1);
    hold.open();
    await expect(transaction).rejects.toThrow('no');
    expect(await read).toEqual([]);
  });

  test('F-130: many overlapping transactions of all kinds keep exactly what they acknowledged', async () => {
    const { dataSource, gate } = await open(driver, database());
    const promised: string[] = [];
    const work = Array.from({ length: 60 }, async (_unused, i) => {
      const name = `n${String(i).padStart(2, '0')}`;
      const fails = i % 3 === 0;
      const end = (): void => {
        if (fails) throw new Error('planned');
      };
      try {
        if (i % 4 === 0)
          await dataSource.transaction(async (manager) => {
            await add(manager, name);
            await manager.find(Line);
            end();
          });
        else if (i % 4 === 1)
          await gate.transaction(async (runner) => {
            await add(runner.manager, name);
            end();
          });
        else if (i % 4 === 2)
          await dataSource.transaction(async (manager) => {
            await manager.transaction((nested) => add(nested, name));
            end();
          });
        else await dataSource.getRepository(Line).save({ name });
        promised.push(name);
      } catch (error) {
        expect(error).toMatchObject({ message: 'planned' });
      }
    });
    await Promise.all(work);
    expect(await names(dataSource)).toEqual(promised.toSorted());
  });

  test('F-131: a failed COMMIT keeps the connection until it is clean; the next transaction works', async () => {
    const { dataSource, gate } = await open(driver, database());
    await dataSource.query(
      'CREATE TABLE child (id integer primary key, parent integer references lines (id) deferrable initially deferred)',
    );
    const failing = dataSource.transaction((manager) => manager.query('INSERT INTO child (parent) VALUES (99)'));
    const next = dataSource.transaction((manager) => add(manager, 'next'));
    const engine = gate.transaction((runner) => runner.query('INSERT INTO child (parent) VALUES (98)'));
    const after = dataSource.getRepository(Line).save({ name: 'after' });
    const refused = { name: 'QueryFailedError', code: expect.stringMatching(/^SQLITE_CONSTRAINT/) as string };
    await Promise.all([
      expect(failing).rejects.toMatchObject(refused),
      expect(engine).rejects.toMatchObject(refused),
      next,
      after,
    ]);
    expect(await names(dataSource)).toEqual(['after', 'next']);
    expect(await dataSource.query('SELECT * FROM child')).toEqual([]);
  });

  test('F-131: a runner whose COMMIT failed may repair and commit again without interleaving', async () => {
    const { dataSource, gate } = await open(driver, database());
    await dataSource.query(
      'CREATE TABLE child (id integer primary key, parent integer references lines (id) deferrable initially deferred)',
    );
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await runner.query('INSERT INTO child (parent) VALUES (1)');
    await expect(runner.commitTransaction()).rejects.toThrow();
    const other = dataSource.getRepository(Line).save({ name: 'other' });
    await until(() => gate.waiting === 1);
    await runner.query("INSERT INTO lines (id, name) VALUES (1, 'parent')");
    await runner.commitTransaction();
    await runner.release();
    await other;
    expect(await names(dataSource)).toEqual(['other', 'parent']);
  });

  test('F-131: queries that forget the manager join their transaction and roll back with it', async () => {
    const { dataSource, gate } = await open(driver, database());
    const forgetful = async (): Promise<void> => {
      await dataSource.getRepository(Line).save({ name: 'save' });
      await dataSource.getRepository(Line).insert({ name: 'insert' });
      await dataSource.transaction((nested) => add(nested, 'transaction'));
      await dataSource.query("INSERT INTO lines (name) VALUES ('raw')");
      expect(await names(dataSource)).toContain('raw');
    };
    await expect(
      dataSource.transaction(async (manager) => {
        await add(manager, 'own');
        await forgetful();
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await expect(
      gate.transaction(async () => {
        await forgetful();
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await names(dataSource)).toEqual([]);
    await dataSource.transaction(forgetful);
    expect(await names(dataSource)).toEqual(['insert', 'raw', 'save', 'transaction']);
  });

  test('F-131: a failed joined transaction rolls back only its own part', async () => {
    const { dataSource } = await open(driver, database());
    await dataSource.transaction(async (manager) => {
      await add(manager, 'outer');
      await dataSource
        .transaction(async (nested) => {
          await add(nested, 'inner');
          throw new Error('inner');
        })
        .catch(() => undefined);
      await manager.transaction(async (nested) => {
        await add(nested, 'kept');
        await nested
          .transaction(async (deeper) => {
            await add(deeper, 'deeper');
            throw new Error('deeper');
          })
          .catch(() => undefined);
      });
    });
    expect(await names(dataSource)).toEqual(['kept', 'outer']);
  });

  test('F-131: work left over from a transaction does not join the next one', async () => {
    const { dataSource, gate } = await open(driver, database());
    const later = gatekeeper();
    const left: Promise<unknown>[] = [];
    await dataSource.transaction(async (manager) => {
      await add(manager, 'first');
      left.push(later.opened.then(() => dataSource.getRepository(Line).save({ name: 'left behind' })));
      left.push(later.opened.then(() => manager.insert(Line, { name: 'with the old manager' })));
      left.push(later.opened.then(() => dataSource.transaction((own) => add(own, 'left transaction'))));
    });
    const second = dataSource.transaction(async (manager) => {
      await add(manager, 'second');
      later.open();
      await until(() => gate.waiting === 3);
      throw new Error('no');
    });
    await expect(second).rejects.toThrow('no');
    await Promise.all(left);
    expect(await names(dataSource)).toEqual(['first', 'left behind', 'left transaction', 'with the old manager']);
  });

  test('F-130: an unawaited statement before COMMIT does not run in the next transaction', async () => {
    const { dataSource } = await open(driver, database());
    const stray: Promise<unknown>[] = [];
    await dataSource.transaction((manager) => {
      for (let i = 0; i < 5; i += 1) stray.push(add(manager, `stray ${i}`));
      return Promise.resolve();
    });
    await expect(
      dataSource.transaction(async (manager) => {
        await add(manager, 'no');
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await Promise.all(stray);
    expect(await names(dataSource)).toEqual(['stray 0', 'stray 1', 'stray 2', 'stray 3', 'stray 4']);
  });

  test('two concurrent operations inside one transaction both count', async () => {
    const { dataSource, gate } = await open(driver, database());
    await dataSource.transaction((manager) => Promise.all(['a', 'b', 'c'].map((name) => manager.save(Line, { name }))));
    await gate.transaction((runner) => Promise.all(['d', 'e'].map((name) => runner.manager.save(Line, { name }))));
    await expect(
      dataSource.transaction(async (manager) => {
        await Promise.all([
          add(manager, 'f'),
          manager.save(Line, { name: 'g' }),
          dataSource.getRepository(Line).save({ name: 'h' }),
        ]);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    expect(await names(dataSource)).toEqual(['a', 'b', 'c', 'd', 'e']);
  });

  test('F-130: concurrent nested transactions do not roll each other back', async () => {
    const { dataSource } = await open(driver, database());
    const slow = gatekeeper();
    const outcomes = await dataSource.transaction((manager) =>
      Promise.allSettled([
        manager.transaction(async (nested) => {
          await add(nested, 'a');
          await slow.opened;
          await nested.transaction((deeper) => add(deeper, 'b'));
        }),
        dataSource.transaction(async (nested) => {
          await add(nested, 'c');
          throw new Error('no');
        }),
        manager.transaction((nested) => add(nested, 'd')),
        Promise.resolve().then(slow.open),
      ]),
    );
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(await names(dataSource)).toEqual(['a', 'b', 'd']);
  });

  test('a failed statement inside a transaction keeps the rest of it', async () => {
    const { dataSource } = await open(driver, database());
    await dataSource.transaction(async (manager) => {
      await add(manager, 'a');
      await add(manager, 'a').catch(() => undefined);
      await add(manager, 'b');
    });
    expect(await names(dataSource)).toEqual(['a', 'b']);
  });

  test('I7: rejects later statements of a transaction that SQLite rolled back, instead of committing them singly', async () => {
    const { dataSource } = await open(driver, database());
    const transaction = dataSource.transaction(async (manager) => {
      await add(manager, 'a');
      await manager.query("INSERT OR ROLLBACK INTO lines (name) VALUES ('a')").catch(() => undefined);
      await add(manager, 'b').catch((error: unknown) => expect(error).toBeInstanceOf(DatabaseError));
    });
    await expect(transaction).rejects.toThrow(DatabaseError);
    await dataSource.transaction((manager) => add(manager, 'c'));
    expect(await names(dataSource)).toEqual(['c']);
  });

  test("an outermost transaction takes the write lock at BEGIN, including the app's own", async () => {
    const { dataSource } = await open(driver, database());
    const runner = dataSource.createQueryRunner();
    const seen: string[] = [];
    Object.assign(dataSource.logger, { logQuery: (sql: string) => seen.push(sql) });
    await runner.startTransaction();
    await runner.commitTransaction();
    await dataSource.transaction(() => Promise.resolve());
    expect(seen.filter((sql) => sql.startsWith('BEGIN'))).toEqual(['BEGIN IMMEDIATE', 'BEGIN IMMEDIATE']);
  });

  test('a runner released with an open transaction rolls back and returns the connection', async () => {
    const { dataSource } = await open(driver, database());
    const runner = dataSource.createQueryRunner();
    await runner.startTransaction();
    await add(runner.manager, 'forgotten');
    await runner.release();
    expect(await names(dataSource)).toEqual([]);
    await runner.startTransaction();
    await add(runner.manager, 'again');
    await runner.commitTransaction();
    expect(await names(dataSource)).toEqual(['again']);
  });

  test('a failed BEGIN keeps the runner usable and does not affect other transactions', async () => {
    const clock = simulated();
    const { dataSource, gate } = await open(driver, database(), { clock, gateTimeoutMs: 100 });
    const holder = dataSource.createQueryRunner();
    await holder.startTransaction();
    await add(holder.manager, 'holder');
    const runner = dataSource.createQueryRunner();
    const refused = expect(runner.startTransaction()).rejects.toThrow(/manager passed to the transaction callback/);
    await until(() => gate.waiting === 1);
    clock.increment(100);
    await refused;
    await expect(runner.rollbackTransaction()).rejects.toThrow();
    await holder.commitTransaction();
    await runner.startTransaction();
    await add(runner.manager, 'runner');
    await runner.commitTransaction();
    expect(await names(dataSource)).toEqual(['holder', 'runner']);
  });

  test('F-131: without AsyncLocalStorage, waiting for a silent blocker reports the remedy', async () => {
    const clock = simulated();
    const { dataSource, gate } = await open(driver, database(), { clock, asyncContext: 'none' });
    const transaction = dataSource.transaction(async (manager) => {
      await add(manager, 'own');
      await dataSource.getRepository(Line).insert({ name: 'hangs' });
    });
    const refused = expect(transaction).rejects.toThrow(/manager passed to the transaction callback/);
    await until(() => gate.waiting === 1);
    clock.increment(5_000);
    await refused;
    await dataSource.transaction((manager) => add(manager, 'next'));
    expect(await names(dataSource)).toEqual(['next']);
  });

  test('F-131: waits for a working blocker, however long it takes', async () => {
    const clock = simulated();
    const { dataSource, gate } = await open(driver, database(), { clock });
    const steps = [gatekeeper(), gatekeeper(), gatekeeper()];
    let done = -1;
    const transaction = dataSource.transaction(async (manager) => {
      for (const [i, step] of steps.entries()) {
        done = i;
        await step.opened;
        await add(manager, `step ${i}`);
      }
    });
    await until(() => done === 0);
    const waiting = dataSource.getRepository(Line).insert({ name: 'waited' });
    await until(() => gate.waiting === 1);
    for (const [i, step] of steps.entries()) {
      clock.increment(4_000);
      step.open();
      await until(() => done === i + 1 || i === 2);
    }
    await Promise.all([transaction, waiting]);
    expect(await names(dataSource)).toEqual(['step 0', 'step 1', 'step 2', 'waited']);
  });

  test('F-131: engine work started inside an app transaction waits for its end and never joins it', async () => {
    const { dataSource, gate } = await open(driver, database());
    const started: Promise<unknown>[] = [];
    await expect(
      dataSource.transaction(async (manager) => {
        await add(manager, 'app');
        started.push(gate.transaction((runner) => add(runner.manager, 'engine')));
        started.push(gate.read((runner) => runner.query('SELECT name FROM lines')));
        started.push(gate.detached(() => dataSource.getRepository(Line).insert({ name: 'detached' })));
        await until(() => gate.waiting === 3);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    const [, read] = await Promise.all(started);
    expect(read).not.toContainEqual({ name: 'app' });
    expect(await names(dataSource)).toEqual(['detached', 'engine']);
  });

  test('F-131: awaiting engine work inside an app transaction ends with an error instead of hanging', async () => {
    const clock = simulated();
    const { dataSource, gate } = await open(driver, database(), { clock });
    const transaction = dataSource.transaction(async (manager) => {
      await add(manager, 'app');
      await gate.transaction((runner) => add(runner.manager, 'engine'));
    });
    const refused = expect(transaction).rejects.toBeInstanceOf(DatabaseError);
    await until(() => gate.waiting === 1);
    clock.increment(5_000);
    await refused;
    expect(await names(dataSource)).toEqual([]);
  });

  test('onCommit runs once the connection is free, and a throwing listener affects nobody', async () => {
    const { dataSource, gate } = await open(driver, database());
    let heard = 0;
    const reads: Promise<string[]>[] = [];
    const stop = gate.onCommit(() => {
      heard += 1;
      reads.push(names(dataSource));
      throw new Error('listener');
    });
    await dataSource.transaction((manager) => add(manager, 'a'));
    await expect(gate.transaction(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(heard).toBe(1);
    expect(await reads[0]).toEqual(['a']);
    stop();
    await gate.transaction((runner) => add(runner.manager, 'b'));
    expect(heard).toBe(1);
  });

  test('gates a data source that is closed and reopened', async () => {
    const { dataSource, gate } = await open(driver, nextFile());
    await add(dataSource.manager, 'a');
    await dataSource.destroy();
    await dataSource.initialize();
    await gate.transaction((runner) => add(runner.manager, 'b'));
    expect(await names(dataSource)).toEqual(['a', 'b']);
    expect(dataSource.createQueryRunner()).not.toBe(dataSource.createQueryRunner());
  });

  test('gates a shared runner that was obtained before the gate', async () => {
    const dataSource = new DataSource({ ...connectTo(driver, database()), entities: [Line], synchronize: true });
    opened.push(dataSource);
    await dataSource.initialize();
    const before = dataSource.createQueryRunner();
    const gate = gateConnection(dataSource);
    expect(gateConnection(dataSource)).toBe(gate);
    expect(gateOf(dataSource)).toBe(gate);
    const inside = gatekeeper();
    const hold = gatekeeper();
    const transaction = dataSource.transaction(async (manager) => {
      await add(manager, 'lost');
      inside.open();
      await hold.opened;
      throw new Error('no');
    });
    await inside.opened;
    const insert = add(before.manager, 'kept');
    await until(() => gate.waiting === 1);
    hold.open();
    await expect(transaction).rejects.toThrow('no');
    await insert;
    expect(await names(dataSource)).toEqual(['kept']);
  });
});

describe.each<DriverName>(['sqlite3', 'better-sqlite3'])('%s and another connection', (driver) => {
  const openTwo = async (options: GateOptions = {}): Promise<readonly [DataSource, DataSource]> => {
    const file = nextFile();
    const first = await open(driver, file, options);
    // Uses the same library: two copies of SQLite in one process do not see each other's locks.
    const second = await open(driver, file);
    return [first.dataSource, second.dataSource];
  };

  test('F-147: waits for a locked database without blocking the event loop or reads, and keeps the order', async () => {
    const [dataSource, other] = await openTwo();
    const writer = other.createQueryRunner();
    await writer.startTransaction();
    await add(writer.manager, 'other');
    const ended: string[] = [];
    const note = (name: string) => (): void => {
      ended.push(name);
    };
    const blocked = [
      dataSource.transaction((manager) => add(manager, 'transaction')).then(note('transaction')),
      dataSource.getRepository(Line).insert({ name: 'insert' }).then(note('insert')),
    ];
    let longestMs = 0;
    let last = performance.now();
    const watch = setInterval(() => {
      longestMs = Math.max(longestMs, performance.now() - last);
      last = performance.now();
    }, 1);
    for (let i = 0; i < 10; i += 1) {
      expect(await names(dataSource)).toEqual([]);
      await new Promise((resolve) => {
        setTimeout(resolve, 2);
      });
    }
    expect(ended).toEqual([]);
    await writer.commitTransaction();
    await Promise.all(blocked);
    clearInterval(watch);
    expect(await names(dataSource)).toEqual(['insert', 'other', 'transaction']);
    expect(longestMs).toBeLessThan(250);
  });

  test('F-147: waits for another process that writes', async () => {
    const file = nextFile();
    const { dataSource } = await open(driver, file);
    const script = `
      const database = new (require('better-sqlite3'))(process.argv[1]);
      database.exec("BEGIN IMMEDIATE; INSERT INTO lines (name) VALUES ('other process')");
      process.send('locked');
      process.once('message', () => { database.exec('COMMIT'); database.close(); process.disconnect(); });`;
    const child = spawn(process.execPath, ['-e', script, file], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    await once(child, 'message');
    const written = dataSource.transaction(async (manager) => {
      await add(manager, `after ${await manager.count(Line)}`);
    });
    expect(await names(dataSource)).toEqual([]);
    child.send('commit');
    await written;
    expect(await names(dataSource)).toEqual(['after 1', 'other process']);
    if (child.exitCode === null) await once(child, 'exit');
  });

  test('a database that stays locked fails like TypeORM after busyTimeoutMs, and everything goes on', async () => {
    const [dataSource, other] = await openTwo({ busyTimeoutMs: 20 });
    const writer = other.createQueryRunner();
    await writer.startTransaction();
    await expect(dataSource.transaction((manager) => add(manager, 'a'))).rejects.toMatchObject({
      name: 'QueryFailedError',
      code: 'SQLITE_BUSY',
    });
    await expect(add(dataSource.manager, 'b')).rejects.toMatchObject({ name: 'QueryFailedError', code: 'SQLITE_BUSY' });
    await writer.rollbackTransaction();
    await add(dataSource.manager, 'c');
    expect(await names(dataSource)).toEqual(['c']);
  });

  test('a read followed by a write in one transaction survives a write by another connection in between', async () => {
    const [dataSource, other] = await openTwo();
    await add(dataSource.manager, 'start');
    const [own] = await Promise.all([
      dataSource.transaction(async (manager) => {
        const count = await manager.count(Line);
        await new Promise(setImmediate);
        await add(manager, `after ${count}`);
        return count;
      }),
      other.transaction(async (manager) => {
        await manager.count(Line);
        await add(manager, 'other');
      }),
    ]);
    expect([1, 2]).toContain(own);
    expect(await names(dataSource)).toHaveLength(3);
  });
});
