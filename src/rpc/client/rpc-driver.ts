import type { Clock } from '../../model/platform/clock.ts';
import { aClock, aText, timerTime } from '../../model/options/bounds.ts';
import { completeOptions, ownedBy } from '../../model/options/complete-options.ts';
import { byDefault, optional, type OptionList } from '../../model/options/option-list.ts';
import { randomId } from '../../model/platform/random-id.ts';
import { systemClock } from '../../model/platform/system-clock.ts';
import { toBindables } from '../../persistence/sql/bind-value.ts';
import { controlWordOf, isExclusive } from '../../persistence/sql/control-word.ts';
import {
  ExpoForm,
  type AnsweringConnection,
  type ExpoConnection,
  type StatementAnswer,
} from '../../persistence/sql/expo-form.ts';
import { writesWithoutRows } from '../../persistence/sql/statement-kind.ts';
import { writtenBy } from '../../persistence/sql/written-tables.ts';
import type { StatementResult, WireValue, WireWrites } from '../protocol/messages.ts';
import { foreignKeysPragmaOf } from '../protocol/foreign-keys.ts';
import type { RpcPort } from '../protocol/port.ts';
import { releaseOf } from '../protocol/release.ts';
import { HostLink } from './host-link.ts';
import type { HostSource } from './host-port.ts';

export interface RpcDriverOptions {
  /** Names this client to its hosts, for ever; two clients never share a name. @defaultValue a random id */
  readonly clientId?: string;
  /** A call rejects with `HostUnreachableError` once the host was silent this long. @defaultValue 20,000 (20 seconds) */
  readonly answerTimeoutMs?: number;
  /** Measures the waits. @defaultValue the platform's */
  readonly clock?: Clock;
}

/** Defaults and bounds of {@link RpcDriverOptions}. */
export const rpcDriverOptions = {
  clientId: optional(aText),
  answerTimeoutMs: byDefault(20_000, timerTime),
  clock: byDefault(systemClock, aClock),
} satisfies OptionList<RpcDriverOptions>;

/** A database in the form of expo-sqlite, as TypeORM's `expo` type wants it. */
export interface RpcConnection extends ExpoConnection, AnsweringConnection {
  /** Says that a transaction is over, also one that was lost: statements from now on are not part of it. */
  transactionEnded(): void;
  /** Opens a transaction together with its first statement, which then fails where BEGIN does. */
  beginLater(): void;
  /** Whether the open transaction may have begun. */
  hasBegun(): boolean;
  /** Runs a statement of the open transaction together with the next one. */
  later(sql: string, parameters: unknown[]): Promise<void>;
}

/** What TypeORM's `driver` option of the `expo` type, and `openDatabase`, take. */
export interface RpcDriver {
  readonly packsRows: boolean;
  readonly bindsIntegers: boolean;
  readonly clientId: string;
  openDatabaseAsync(name: string): Promise<RpcConnection>;
  /** Goes on at another host, or through another port: what has no answer yet is taken there. */
  attach(port: RpcPort): void;
  /** `openDatabase` tells the names of all migrations, by which a host knows newer releases from older ones. */
  useMigrations(names: readonly string[]): void;
  /**
   * Calls `listener` when the host has said nothing for a quarter of `answerTimeoutMs` though calls wait, and when it
   * speaks again. The calls go on waiting in between.
   */
  onSilence(listener: (isSilent: boolean) => void): () => void;
  /** Calls `listener` after each commit of another client; undefined where nobody knows what was written. */
  onCommitElsewhere(listener: (writes: WireWrites | undefined) => void): () => void;
}

const readsAtOnce = 4;

/** A view of a part of its buffer is copied: a clone would take the whole buffer along. */
const toWireValue = (value: unknown): WireValue => {
  if (!(value instanceof Uint8Array)) return value as WireValue;
  return value.byteLength === value.buffer.byteLength && value.constructor === Uint8Array
    ? value
    : Uint8Array.from(value);
};

class Connection extends ExpoForm implements RpcConnection {
  readonly readsAtOnce = readsAtOnce;

  constructor(private readonly link: HostLink) {
    super();
  }

  async answer(sql: string, parameters: unknown[]): Promise<StatementAnswer> {
    const result = await this.#run(sql, parameters);
    const rows = [...result.rows];
    const { changes, lastInsertRowId } = result;
    return writesWithoutRows(sql)
      ? { rows, changes, lastInsertRowId }
      : { rows, changes: rows.length, lastInsertRowId: rows };
  }

  isInTransactionAsync(): Promise<boolean> {
    return Promise.resolve(this.link.isInTransaction);
  }

  transactionEnded(): void {
    this.link.transactionEnded();
  }

  beginLater(): void {
    this.link.beginLater();
  }

  hasBegun(): boolean {
    return this.link.hasBegun;
  }

  later(sql: string, parameters: unknown[]): Promise<void> {
    return this.link.later(sql, toBindables(parameters).map(toWireValue));
  }

  closeAsync(): Promise<void> {
    this.link.close();
    return Promise.resolve();
  }

  #run(sql: string, parameters: unknown[]): Promise<StatementResult> {
    switch (controlWordOf(sql)) {
      case 'begin':
        return this.link.begin(isExclusive(sql));
      case 'commit':
        return this.link.commit();
      case 'rollback':
        return this.link.rollback();
      default: {
        const pragma = foreignKeysPragmaOf(sql);
        if (pragma !== undefined) return Promise.resolve(this.link.foreignKeys(pragma));
        return this.link.query(sql, toBindables(parameters).map(toWireValue), writtenBy(sql) !== undefined);
      }
    }
  }
}

/**
 * Speaks SQLite with a host behind a message port, for TypeORM: `openDatabase({ driver: rpcDriver(port), database:
 * 'app', … })`. `source` may be a function that gives a port: it is asked again whenever the host is gone.
 */
export function rpcDriver(source: HostSource, options: RpcDriverOptions = {}): RpcDriver {
  const {
    clientId = randomId(),
    answerTimeoutMs,
    clock,
  } = completeOptions<RpcDriverOptions, typeof rpcDriverOptions>(ownedBy('rpcDriver'), rpcDriverOptions, options);
  const listeners = new Set<(writes: WireWrites | undefined) => void>();
  const silenceListeners = new Set<(isSilent: boolean) => void>();
  let release = releaseOf([]);
  let current: HostSource = source;
  const link = new HostLink({
    clientId,
    clock,
    answerTimeoutMs,
    release: () => release,
    onCommitElsewhere: (writes) => {
      for (const listener of [...listeners]) listener(writes);
    },
    onSilence: (isSilent) => {
      for (const listener of [...silenceListeners]) listener(isSilent);
    },
  });
  return {
    packsRows: true,
    bindsIntegers: true,
    clientId,
    openDatabaseAsync: () => {
      link.open(current);
      return Promise.resolve(new Connection(link));
    },
    attach: (port) => {
      if (typeof current !== 'function') current = port;
      link.attach(port);
    },
    useMigrations: (names) => {
      release = releaseOf(names);
    },
    onCommitElsewhere: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    onSilence: (listener) => {
      silenceListeners.add(listener);
      return () => silenceListeners.delete(listener);
    },
  };
}
