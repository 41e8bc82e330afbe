import type { Clock, RandomSource } from '../../model/platform/clock.ts';
import type { SyncConfig } from '../../model/config.ts';
import type { SyncKind } from '../../model/kind.ts';
import type { StorePort } from '../../model/ports.ts';
import type { TransportAdapter } from '../../model/transport.ts';

/** Everything the chart's actors are made from. */
export interface EnginePorts {
  readonly store: StorePort;
  readonly transport: TransportAdapter;
  /** Registered kinds, in registration order. */
  readonly kinds: ReadonlyMap<string, SyncKind>;
  readonly config: SyncConfig;
  readonly clock: Clock;
  readonly random: RandomSource;
  /**
   * Whose data this is, as the user and the base URL; undefined or '' while nobody is signed in. Absent: not checked
   * (F-143).
   */
  readonly scope?: (() => string | undefined) | undefined;
}
