import type { DataSource, EntityManager } from 'typeorm';
import type { Clock } from '../../model/platform/clock.ts';
import { aFlag, aFunction, aTimeSource } from '../../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../../model/options/complete-options.ts';
import { byDefault, type Completed, type OptionList } from '../../model/options/option-list.ts';
import { gateConnection } from '../gate/connection-gate.ts';
import { SqliteGate } from '../gate/sqlite-gate.ts';
import { checkSyncTables, type SyncTable } from '../tables/sync-table.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import { replaceQueryRunners } from '../typeorm/query-runners.ts';
import { aroundSchemaWork } from '../typeorm/schema-work.ts';
import { Capture } from './capture.ts';
import { rememberCaptured } from '../tables/captured-names.ts';
import { persistEntities } from './entities/persist-entities.ts';
import { watchEntities } from './watch-entities.ts';
import { hasAsyncContext, runUncaptured } from './without-capture.ts';
import { timeOrderedId } from '../../model/platform/time-ordered-id.ts';

/** Options of {@link captureWrites}. The options of the first call for a data source apply. */
export interface CaptureOptions {
  /** Generates operation ids. @defaultValue UUID v7, which contains the time */
  readonly opId?: () => string;
  /** Supplies the time of local changes. @defaultValue the platform's */
  readonly clock?: Pick<Clock, 'now'>;
  /**
   * Hides rows deleted here or on the server from the app's queries, except with `withDeleted`.
   *
   * @defaultValue true
   */
  readonly hideDeleted?: boolean;
}

/** Defaults and bounds of {@link CaptureOptions}. */
export const captureOptions = {
  opId: byDefault(timeOrderedId, aFunction),
  clock: byDefault(systemClock, aTimeSource),
  hideDeleted: byDefault(true, aFlag),
} satisfies OptionList<CaptureOptions>;

const captures = new WeakMap<DataSource, Capture>();

/**
 * Synchronises the app's own TypeORM writes to these tables. From now on `save`, `insert`, `update`, `remove`, query
 * builders and SQL on this data source queue their changes in the same transaction, with exactly the changed fields
 * (F-140, F-141). Pass the same tables as to the engine. A second call adds tables.
 *
 * Works on SQLite only and throws `TypeError` for other databases, where `createWriter` writes. Throws `TypeError` for
 * a table that cannot be synchronised and for an uninitialised data source. A write that could not be sent rejects with
 * `ValidationError` and writes nothing.
 */
export function captureWrites(
  dataSource: DataSource,
  tables: readonly SyncTable[],
  options: CaptureOptions = {},
): void {
  const settings = completeOptions<CaptureOptions, typeof captureOptions>(
    ownedBy('captureWrites'),
    captureOptions,
    options,
  );
  if (!dataSource.isInitialized)
    throw new TypeError('captureWrites needs an initialised DataSource: await dataSource.initialize() first');
  checkSyncTables(tables);
  const capture = captures.get(dataSource) ?? createCapture(dataSource, settings);
  capture.add(tables);
  captures.set(dataSource, capture);
  rememberCaptured(dataSource, tables);
}

function createCapture(dataSource: DataSource, settings: Completed<CaptureOptions, typeof captureOptions>): Capture {
  const gate = gateConnection(dataSource);
  if (!(gate instanceof SqliteGate)) {
    throw new TypeError(
      `captureWrites supports SQLite only; on ${dataSource.options.type}, write through createWriter or engine.writer, which queue the same operations`,
    );
  }
  const capture = new Capture(dataSource, gate, {
    opId: settings.opId,
    now: () => settings.clock.now(),
    hideDeleted: settings.hideDeleted,
  });
  const { driver } = dataSource;
  const prototype = Object.getPrototypeOf(driver.createQueryRunner('master')) as object;
  replaceQueryRunners(driver, (create) => {
    const runner = create();
    watchEntities(capture, runner);
    return runner;
  });
  capture.attach(prototype);
  persistEntities(dataSource, capture.children);
  // A migration changes the format of the data, on every device separately. It is not an edit of a user.
  aroundSchemaWork(dataSource, runUncaptured);
  return capture;
}

/**
 * Runs `fn` without capturing its writes, even within the app's transactions. Throws `TypeError` on platforms without
 * AsyncLocalStorage (browsers): use the form with a data source there.
 */
export function withoutCapture<Result>(fn: () => Promise<Result>): Promise<Result>;
/**
 * Runs `fn` in its own transaction with a manager whose writes are not captured. Works on every platform. Do not await
 * it within another transaction.
 */
export function withoutCapture<Result>(
  dataSource: DataSource,
  fn: (manager: EntityManager) => Promise<Result>,
): Promise<Result>;
export async function withoutCapture<Result>(
  first: DataSource | (() => Promise<Result>),
  fn?: (manager: EntityManager) => Promise<Result>,
): Promise<Result> {
  if (typeof first === 'function') {
    if (!hasAsyncContext())
      throw new TypeError(
        'withoutCapture(fn) needs AsyncLocalStorage, which this platform lacks; use withoutCapture(dataSource, (manager) => …)',
      );
    return runUncaptured(first);
  }
  if (fn === undefined) throw new TypeError('withoutCapture(dataSource, fn): fn is missing');
  return gateConnection(first).transaction((queryRunner) => fn(queryRunner.manager));
}
