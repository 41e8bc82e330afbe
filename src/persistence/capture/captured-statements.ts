import type { DataSource } from 'typeorm';
import { ValidationError } from '../../model/errors/errors.ts';
import type { SqliteGate } from '../gate/sqlite-gate.ts';
import { classifyDatabaseError } from '../sql/database-failure.ts';
import { writtenBy } from '../sql/written-tables.ts';
import { restoresHiddenOnly } from '../typeorm/query-runners.ts';
import type { CaptureTriggers } from './capture-triggers.ts';
import { transactionOf, uncapturedSession, type CapturedWork, type Statement } from './captured-runner.ts';
import type { CapturedTables } from './captured-tables.ts';
import { explainHiddenRow } from './statements/explain-hidden-row.ts';
import { restoringStatement, revivingUpsert } from './statements/revive-on-conflict.ts';
import { hidingStatement, returnsDeleted, revivingStatement } from './statements/understand-statement.ts';
import type { Turns } from './turns.ts';

interface CapturedStatementsParts {
  readonly dataSource: DataSource;
  readonly gate: SqliteGate;
  readonly tables: CapturedTables;
  readonly triggers: CaptureTriggers;
  readonly turns: Turns;
  readonly now: () => number;
}

/** Sends one statement of the app with triggers on or off, rewritten so that deleted rows stay hidden. */
export class CapturedStatements {
  readonly #parts: CapturedStatementsParts;

  constructor(parts: CapturedStatementsParts) {
    this.#parts = parts;
  }

  async send(work: CapturedWork, statement: Statement): Promise<unknown> {
    const { turns, triggers } = this.#parts;
    const sent = turns.run('captured', async () => {
      await triggers.prepare(work);
      const { sql, parameters } = this.#rewritten(work, statement);
      return work.send(sql, parameters, statement.structured);
    });
    return sent.catch((error: unknown) => this.#insertOverDeleted(work, statement, error));
  }

  sendUncaptured(work: CapturedWork, { sql, parameters, structured }: Statement): Promise<unknown> {
    const { turns, triggers } = this.#parts;
    return turns.run('uncaptured', async () => {
      await triggers.rest(work);
      return work.send(sql, parameters, structured);
    });
  }

  /** A DELETE only hides its rows; a write to a hidden row restores it. */
  #rewritten({ runner }: CapturedWork, { sql, parameters }: Statement): Pick<Statement, 'sql' | 'parameters'> {
    const { tables, now } = this.#parts;
    const at = new Date(now()).toISOString();
    const hiding = hidingStatement(sql, parameters, tables.named, at);
    if (hiding !== undefined) return hiding;
    if (returnsDeleted(sql) && tables.areWrittenBy(sql)) {
      throw new ValidationError(
        `DELETE … RETURNING on a captured table is understood with ? for its values, and without WITH, ORDER BY, LIMIT and comments; select the rows first: ${sql.slice(0, 80)}`,
      );
    }
    const reviving =
      revivingUpsert(sql, tables.named) ?? restoringStatement(sql, tables.named, restoresHiddenOnly(runner));
    return { sql: reviving ?? sql, parameters };
  }

  /** Deleted rows do not exist for the app. An insert with such an id succeeds and restores the row. */
  async #insertOverDeleted(work: CapturedWork, statement: Statement, failure: unknown): Promise<unknown> {
    const { dataSource, tables, triggers, turns } = this.#parts;
    if (classifyDatabaseError(failure) !== 'constraint' || !triggers.hasPrepared(work.transaction)) throw failure;
    const sql = revivingStatement(statement.sql, tables.named);
    return turns.run({}, async () => {
      try {
        if (sql === undefined) throw failure;
        await triggers.switchTo(work, 2);
        return await work.send(sql, statement.parameters, statement.structured);
      } catch {
        // If the explanation fails, the app still gets the original error.
        await this.#explain(work, statement, failure).catch((why: unknown) =>
          dataSource.logger.log('warn', `synchart: could not explain a refused write: ${String(why)}`),
        );
        throw failure;
      }
    });
  }

  async #explain(work: CapturedWork, { sql, parameters }: Statement, failure: unknown): Promise<void> {
    const { dataSource, gate, tables, triggers } = this.#parts;
    const { tables: written = [] } = writtenBy(sql) ?? {};
    const [name, ...others] = written === 'all' ? [] : written;
    const table = name === undefined || others.length > 0 ? undefined : tables.named(name);
    // The app itself may have requested a rollback (OR ROLLBACK).
    if (table === undefined || transactionOf(work.runner, gate) !== work.transaction) return;
    await triggers.switchTo(work, 0);
    await explainHiddenRow(failure, uncapturedSession(work, dataSource), table, () => work.send(sql, parameters));
  }
}
