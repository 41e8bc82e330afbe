import { afterEach, describe, expect, test, vi } from 'vitest';
import { TransactionLostError } from '../../../src/model/errors/errors.ts';
import { isOwn } from '../../../src/persistence/gate/own-work.ts';
import type { OpenTransaction } from '../../../src/persistence/gate/open-transaction.ts';
import { SqliteGate } from '../../../src/persistence/gate/sqlite-gate.ts';
import { simulate } from '../../../src/simulation/simulate.ts';
import { openTodoDatabase } from '../../support/open-store.ts';
import { gateConnection } from '../../../src/persistence/gate/connection-gate.ts';

/** Rolls back transactions of the store and of writers at their commit, as if their host had died. */
function loseCommits(loses: () => boolean): void {
  const { commit } = SqliteGate.prototype;
  vi.spyOn(SqliteGate.prototype, 'commit').mockImplementation(async function (
    this: SqliteGate,
    transaction: OpenTransaction,
  ) {
    if (!isOwn(transaction) || !loses()) return commit.call(this, transaction);
    await this.rollback(transaction);
    throw new TransactionLostError('the host is gone');
  });
}

describe('a transaction that is lost with its host', () => {
  afterEach(() => vi.restoreAllMocks());

  test('runs again if it is repeatable, and otherwise rejects', async () => {
    const dataSource = await openTodoDatabase('better-sqlite3');
    const gate = gateConnection(dataSource);
    let tries = 0;
    const insert = async (): Promise<void> => {
      tries += 1;
      await gate.transaction((runner) => runner.query("INSERT INTO sync_state (name, value) VALUES ('x', '1')"));
    };
    loseCommits(() => tries === 1);
    await expect(insert()).rejects.toBeInstanceOf(TransactionLostError);
    await gate.transaction(
      async (runner) => {
        tries += 1;
        await runner.query(`INSERT INTO sync_state (name, value) VALUES ('y', '${tries}')`);
      },
      { repeatable: true },
    );
    expect(await dataSource.query('SELECT name, value FROM sync_state')).toEqual([{ name: 'y', value: '2' }]);
    await dataSource.destroy();
  });

  test('gives up after a few tries', async () => {
    const dataSource = await openTodoDatabase('better-sqlite3');
    let tries = 0;
    loseCommits(() => true);
    const lost = gateConnection(dataSource).transaction(
      async () => {
        await Promise.resolve();
        tries += 1;
      },
      { repeatable: true },
    );
    await expect(lost).rejects.toBeInstanceOf(TransactionLostError);
    expect(tries).toBe(5);
    await dataSource.destroy();
  });

  test.each([...Array(40).keys()].map((index) => index + 1))(
    'leaves nothing behind that a second try could see: seed %i with every first COMMIT lost',
    async (seed) => {
      let commits = 0;
      let lost = 0;
      loseCommits(() => {
        commits += 1;
        const isLost = commits % 2 === 1;
        if (isLost) lost += 1;
        return isLost;
      });
      const { violation } = await simulate({ seed });
      expect(violation).toBeUndefined();
      expect(lost).toBeGreaterThan(5);
    },
  );
});
