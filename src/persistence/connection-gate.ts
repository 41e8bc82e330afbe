import type { DataSource, Driver, QueryRunner } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import type { Clock } from '../model/clock.ts';
import { defaultSyncConfig } from '../model/config.ts';
import { createPooledGate } from './pooled-gate.ts';
import { SqliteGate } from './sqlite-gate.ts';
import { systemClock } from './system-clock.ts';
import { createAsyncContext, noAsyncContext } from './transaction-context.ts';

/** One open transaction per connection; everybody else waits (ARCHITECTURE §5, F-130, F-131). */
export interface ConnectionGate {
  /** How many wait for the connection now: long work commits early when it is not 0. */
  readonly waiting: number;
  /**
   * Runs `work` in an outermost transaction of its own, also when called inside another one: then it begins after that has ended, so do not await
   * it there. Commits, or rolls back and rejects with what `work` threw. Queries made in `work` without its runner join it.
   */
  transaction<T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T>;
  /** Runs statements one by one, in no transaction, and never as part of the caller's. */
  read<T>(work: (queryRunner: QueryRunner) => Promise<T>): Promise<T>;
  /** Calls `fn` outside of the caller's transaction: what it starts does not join. */
  detached<T>(fn: () => T): T;
  /** Calls `listener` after each commit, when the connection is free again; returns the function that ends it. May also call after a statement that wrote nothing. */
  onCommit(listener: () => void): () => void;
}

export interface GateOptions {
  readonly clock?: Clock;
  /** How long a database that another process has locked is waited for. */
  readonly busyTimeoutMs?: number;
  /** After this long without a statement of the transaction that blocks it, a waiter is refused. */
  readonly gateTimeoutMs?: number;
  /** `none` behaves as platforms without AsyncLocalStorage: queries without the transaction's manager do not join it. */
  readonly asyncContext?: 'platform' | 'none';
}

/** The drivers of TypeORM that share one query runner over one connection. */
const singleConnection: ReadonlySet<string> = new Set(['better-sqlite3', 'expo', 'sqljs', 'react-native', 'cordova', 'capacitor', 'nativescript']);
const isSingleConnection = (driver: Driver): driver is AbstractSqliteDriver => singleConnection.has(driver.options.type);

const gates = new WeakMap<DataSource, ConnectionGate>();

/**
 * Makes overlapping work on a data source safe: from now on a transaction has the connection to itself, until the connection is clean again.
 * The second call for the same data source returns the same gate and ignores its options. The engine applies it by itself.
 */
export function gateConnection(dataSource: DataSource, options: GateOptions = {}): ConnectionGate {
  const existing = gates.get(dataSource);
  if (existing !== undefined) return existing;
  const { driver } = dataSource;
  const gate = isSingleConnection(driver)
    ? new SqliteGate(dataSource, driver, {
      clock: options.clock ?? systemClock,
      busyTimeoutMs: options.busyTimeoutMs ?? defaultSyncConfig.busyTimeoutMs,
      gateTimeoutMs: options.gateTimeoutMs ?? defaultSyncConfig.gateTimeoutMs,
      context: options.asyncContext === 'none' ? noAsyncContext() : createAsyncContext(),
    })
    : createPooledGate(dataSource);
  gates.set(dataSource, gate);
  return gate;
}

/** The gate of a data source; undefined when none was applied. */
export const gateOf = (dataSource: DataSource): ConnectionGate | undefined => gates.get(dataSource);
