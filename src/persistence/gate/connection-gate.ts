import type { DataSource } from 'typeorm';
import type { AbstractSqliteDriver } from 'typeorm/driver/sqlite-abstract/AbstractSqliteDriver.js';
import type { Clock } from '../../model/platform/clock.ts';
import { configOptions } from '../../model/config.ts';
import { aClock, oneOf } from '../../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../../model/options/complete-options.ts';
import { byDefault, type OptionList } from '../../model/options/option-list.ts';
import { profileOf, singleConnectionTypes } from '../drivers/profile-of.ts';
import type { ConnectionGate } from './gate-port.ts';
import { createPooledGate } from './pooled-gate.ts';
import { SqliteGate } from './sqlite-gate.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import { createAsyncContext, noAsyncContext } from './transaction-context.ts';

export type { ConnectionGate };

export interface GateOptions {
  /** Measures waits. @defaultValue the platform's */
  readonly clock?: Clock;
  /** How long a statement waits while another process locks the database. @defaultValue 5,000 (5 seconds) */
  readonly busyTimeoutMs?: number;
  /**
   * Rejects a waiting statement once the transaction that blocks it has executed no statement for this long.
   *
   * @defaultValue 5,000 (5 seconds)
   */
  readonly gateTimeoutMs?: number;
  /**
   * `none` behaves like a platform without AsyncLocalStorage: queries join a transaction only through its manager.
   *
   * @defaultValue `platform`
   */
  readonly asyncContext?: 'platform' | 'none';
}

/** Defaults and bounds of {@link GateOptions}. */
export const gateOptions = {
  clock: byDefault(systemClock, aClock),
  busyTimeoutMs: configOptions.busyTimeoutMs,
  gateTimeoutMs: configOptions.gateTimeoutMs,
  asyncContext: byDefault('platform', oneOf('platform', 'none')),
} satisfies OptionList<GateOptions>;

const gates = new WeakMap<DataSource, ConnectionGate>();
/** In the order of their gates. Holds weak references only. */
const gated = new Set<WeakRef<DataSource>>();

/**
 * Makes overlapping work on a data source safe: each transaction has the connection to itself until it is clean again.
 * A second call for the same data source returns the same gate and ignores its options. The engine applies the gate
 * itself.
 */
export function gateConnection(dataSource: DataSource, options: GateOptions = {}): ConnectionGate {
  const given = completeOptions<GateOptions, typeof gateOptions>(ownedBy('gateConnection'), gateOptions, options);
  const existing = gates.get(dataSource);
  if (existing !== undefined) return existing;
  const profile = profileOf(dataSource);
  if (profile === undefined)
    throw new TypeError(
      `synchart keeps its tables in SQLite (${singleConnectionTypes.join(', ')}) or PostgreSQL, not in '${dataSource.options.type}'`,
    );
  const settings = {
    profile,
    clock: given.clock,
    busyTimeoutMs: given.busyTimeoutMs,
  };
  const gate =
    profile.connections === 'one'
      ? new SqliteGate(dataSource, dataSource.driver as AbstractSqliteDriver, {
          ...settings,
          gateTimeoutMs: given.gateTimeoutMs,
          context: given.asyncContext === 'none' ? noAsyncContext() : createAsyncContext(),
        })
      : createPooledGate(dataSource, settings);
  gates.set(dataSource, gate);
  gated.add(new WeakRef(dataSource));
  return gate;
}

/** The gate of a data source; undefined if it has none. */
export const gateOf = (dataSource: DataSource): ConnectionGate | undefined => gates.get(dataSource);

/** The open data sources that have a gate. */
export function openDataSources(): readonly DataSource[] {
  const open: DataSource[] = [];
  for (const reference of gated) {
    const dataSource = reference.deref();
    if (dataSource === undefined) gated.delete(reference);
    else if (dataSource.isInitialized) open.push(dataSource);
  }
  return open;
}
