import { expect, test } from 'vitest';
import { createAsyncContext } from '../../../src/persistence/gate/transaction-context.ts';

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

test('F-131: contexts of several databases stay separate, over any number of awaits', async () => {
  const [one, other] = [createAsyncContext<{ name: string }>(), createAsyncContext<{ name: string }>()];
  const seen = async (): Promise<readonly (string | undefined)[]> => {
    await turn();
    return [one.current()?.name, other.current()?.name];
  };
  expect(await seen()).toEqual([undefined, undefined]);
  await one.run({ name: 'a' }, async () => {
    expect(await seen()).toEqual(['a', undefined]);
    await other.run({ name: 'b' }, async () => {
      expect(await seen()).toEqual(['a', 'b']);
      expect(await one.run(undefined, seen)).toEqual([undefined, 'b']);
      expect(await one.run({ name: 'c' }, seen)).toEqual(['c', 'b']);
      expect(await other.run(undefined, () => one.run(undefined, seen))).toEqual([undefined, undefined]);
    });
    expect(await seen()).toEqual(['a', undefined]);
  });
  expect(await seen()).toEqual([undefined, undefined]);
});

test('F-131: a thousand opened and closed databases do not slow down the promises of the process', async () => {
  const cpuOf = async (): Promise<number> => {
    const before = process.cpuUsage();
    for (let index = 0; index < 20_000; index += 1) await Promise.resolve(index);
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  const context = createAsyncContext<{ name: string }>();
  await context.run({ name: 'a' }, async () => {
    await cpuOf();
    const alone = await cpuOf();
    for (let index = 0; index < 1_000; index += 1)
      createAsyncContext<{ name: string }>().run({ name: 'b' }, () => undefined);
    expect(await cpuOf()).toBeLessThan(20 * alone);
  });
});
