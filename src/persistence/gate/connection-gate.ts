import type { DataSource } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import type { Clock } from '../../model/platform/clock.ts';
import { configOptions, defaultSyncConfig } from '../../model/config.ts';
import { aClock, oneOf } from '../../model/options/bounds.ts';
import { byDefault, optional, type OptionList } from '../../model/options/option-list.ts';
import { profileOf, singleConnectionTypes } from '../drivers/profile-of.ts';
import type { ConnectionGate } from './gate-port.ts';
import { createPooledGate } from './pooled-gate.ts';
import { SqliteGate } from './sqlite-gate.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import { createAsyncContext, noAsyncContext } from './transaction-context.ts';

export type { ConnectionGate };

export interface GateOptions {
  /** Measures the waits. Default: that of the system. */
  readonly clock?: Clock;
  /** How long a database that another process has locked is waited for. @defaultValue 5,000 (5 seconds) */
  readonly busyTimeoutMs?: number;
  /**
   * After this long without a statement of the transaction that blocks it, a waiter is refused.
   *
   * @defaultValue 5,000 (5 seconds)
   */
  readonly gateTimeoutMs?: number;
  /**
   * `none` behaves as platforms without AsyncLocalStorage: queries without the transaction's manager do not join it.
   *
   * @defaultValue `platform`
   */
  readonly asyncContext?: 'platform' | 'none';
}

export const gateOptions = {
  clock: optional(aClock),
  busyTimeoutMs: configOptions.busyTimeoutMs,
  gateTimeoutMs: configOptions.gateTimeoutMs,
  asyncContext: byDefault('platform', oneOf('platform', 'none')),
} satisfies OptionList<GateOptions>;

const gates = new WeakMap<DataSource, ConnectionGate>();
/** In order of their gates; does not keep them alive. */
const gated = new Set<WeakRef<DataSource>>();

/**
 * Makes overlapping work on a data source safe: from now on a transaction has the connection to itself, until the
 * connection is clean again. The second call for the same data source returns the same gate and ignores its options.
 * The engine applies it by itself.
 */
export function gateConnection(dataSource: DataSource, options: GateOptions = {}): ConnectionGate {
  const existing = gates.get(dataSource);
  if (existing !== undefined) return existing;
  const profile = profileOf(dataSource);
  if (profile === undefined)
    throw new TypeError(
      `synchart keeps its tables in SQLite (${singleConnectionTypes.join(', ')}) or PostgreSQL, not in '${dataSource.options.type}'`,
    );
  const settings = {
    profile,
    clock: options.clock ?? systemClock,
    busyTimeoutMs: options.busyTimeoutMs ?? defaultSyncConfig.busyTimeoutMs,
  };
  const gate =
    profile.connections === 'one'
      ? new SqliteGate(dataSource, dataSource.driver as AbstractSqliteDriver, {
          ...settings,
          gateTimeoutMs: options.gateTimeoutMs ?? defaultSyncConfig.gateTimeoutMs,
          context: options.asyncContext === 'none' ? noAsyncContext() : createAsyncContext(),
        })
      : createPooledGate(dataSource, settings);
  gates.set(dataSource, gate);
  gated.add(new WeakRef(dataSource));
  return gate;
}

/** The gate of a data source; undefined when none was applied. */
export const gateOf = (dataSource: DataSource): ConnectionGate | undefined => gates.get(dataSource);

/** The data sources with a gate that are open now. */
export function openDataSources(): readonly DataSource[] {
  const open: DataSource[] = [];
  for (const reference of gated) {
    const dataSource = reference.deref();
    if (dataSource === undefined) gated.delete(reference);
    else if (dataSource.isInitialized) open.push(dataSource);
  }
  return open;
}
