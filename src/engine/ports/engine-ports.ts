import type { Clock, RandomSource } from '../../model/platform/clock.ts';
import type { SyncConfig } from '../../model/config.ts';
import type { SyncKind } from '../../model/kind.ts';
import type { StorePort } from '../../model/ports.ts';
import type { TransportAdapter } from '../../model/transport.ts';

/** The collaborators of the chart's actors. */
export interface EnginePorts {
  readonly store: StorePort;
  readonly transport: TransportAdapter;
  /** Registered kinds in order of registration. */
  readonly kinds: ReadonlyMap<string, SyncKind>;
  readonly config: SyncConfig;
  readonly clock: Clock;
  readonly random: RandomSource;
  /**
   * The owner of the data, such as user and base URL; undefined or '' while nobody is signed in. Absent: not checked
   * (F-143).
   */
  readonly scope?: (() => string | undefined) | undefined;
}
