import { expect, onTestFinished, test } from 'vitest';
import { DatabaseError } from '../../../src/model/errors/errors.ts';
import { openEngine } from '../../support/open-engine.ts';
import { fileDrivers } from '../../support/open-store.ts';
import { todoOf } from '../../support/todo.ts';

test.each(fileDrivers)(
  'SCH-05: runs and writes report a destroyed DataSource, on %s; the engine can still be disposed',
  async (driver) => {
    const bench = await openEngine({ driver, config: { maxRetries: 0 } });
    onTestFinished(() => bench.close());
    await bench.engine.start();
    await bench.dataSource.destroy();
    const told = /the DataSource is destroyed: .*engine\.dispose\(\)/;
    for (const attempt of [bench.engine.sync(), bench.writer.insertAndEnqueue(todoOf('a'))]) {
      const error = await attempt.then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(error).toBeInstanceOf(DatabaseError);
      expect((error as Error).message).toMatch(told);
    }
    await bench.engine.dispose();
  },
);
