/**
 * What TypeScript knows of the chart: the editor completes places and events from it, so a split or a rewrite must not
 * blur it into `string`.
 */
import type { ContextFrom, EmittedFrom, EventFromLogic, InputFrom, SnapshotFrom } from 'xstate';
import { expectTypeOf, test } from 'vitest';
import type { SyncContext, SyncInput } from '../../src/machines/machine-context.ts';
import type { SyncEmitted, SyncMachineEvent } from '../../src/machines/machine-events.ts';
import type { syncMachine } from '../../src/machines/sync-machine.ts';
import type { ConflictResolution } from '../../src/model/conflict.ts';
import type { SyncFact } from '../../src/model/events.ts';
import type { SyncFailure } from '../../src/model/errors/failure.ts';
import type { Kinds, RunEnded, SettleReport } from '../../src/model/run.ts';

type Machine = typeof syncMachine;
type Snapshot = SnapshotFrom<Machine>;

interface Value {
  network: 'online' | 'closed' | { offline: 'waiting' | 'probing' };
  session: 'authRequired' | 'closed' | { signedIn: 'known' | 'checking' };
  intent: 'working' | 'pausing' | 'stopping';
  activity:
    | 'idle'
    | 'assessing'
    | 'tidying'
    | 'backoff'
    | 'resuming'
    | 'failed'
    | 'stopped'
    | { starting: 'hydrating' | 'blocked' }
    | { standby: 'asking' | { watching: 'waiting' | 'polling' } }
    | { paused: 'resting' | 'leaving' }
    | {
        running:
          | 'planning'
          | 'finishing'
          | { pushing: 'choosingStep' | 'sending' | 'settling' | { taking: 'current' | 'outdated' } }
          | { resolvingConflict: 'choosingConflict' | 'deciding' | 'applying' | 'repushing' | 'spacing' }
          | { pulling: 'choosingKind' | 'paging' }
          | { fullResync: 'choosingStep' | 'preparing' | 'sweeping' };
      };
}

type MachineEvent =
  | {
      readonly type: 'SYNC';
      readonly pushKinds?: Kinds | undefined;
      readonly pullKinds?: Kinds | undefined;
      readonly automatic?: boolean | undefined;
      readonly waiter?: string | undefined;
    }
  | {
      readonly type: 'FULL_RESYNC';
      readonly kinds?: Kinds | undefined;
      readonly clearData?: boolean | undefined;
      readonly waiter?: string | undefined;
    }
  | {
      readonly type: 'RESOLVE_CONFLICT';
      readonly opId: string;
      readonly resolution: ConflictResolution;
      readonly waiter?: string | undefined;
    }
  | { readonly type: 'remote.changed'; readonly kinds?: Kinds | undefined }
  | { readonly type: 'PAUSE' }
  | { readonly type: 'RESUME' }
  | { readonly type: 'SIGNED_IN' }
  | { readonly type: 'STOP' }
  | { readonly type: 'WAITER_LEFT'; readonly waiter: string }
  | { readonly type: 'outbox.changed' }
  | { readonly type: 'network.online' }
  | { readonly type: 'network.offline' }
  | { readonly type: 'session.expired' }
  | { readonly type: 'lease.lost' }
  | { readonly type: 'answers.settled'; readonly part: SettleReport };

type Emitted =
  | (SyncFact & { readonly runId?: number | undefined })
  | ({ readonly type: 'run.ended' } & RunEnded)
  | { readonly type: 'request.rejected'; readonly waiters: readonly string[]; readonly failure: SyncFailure };

type EmittedType =
  | 'sync.started'
  | 'sync.progress'
  | 'sync.completed'
  | 'sync.failed'
  | 'resync.started'
  | 'conflict.detected'
  | 'conflict.merged'
  | 'conflict.resolved'
  | 'conflict.unresolved'
  | 'cache.updated'
  | 'op.pushed'
  | 'op.failed'
  | 'op.stuck'
  | 'op.discarded'
  | 'row.quarantined'
  | 'rows.ignored'
  | 'page.pulled'
  | 'batch.pushed'
  | 'backoff.scheduled'
  | 'session.authRequired'
  | 'session.signedIn'
  | 'network.online'
  | 'network.offline'
  | 'engine.paused'
  | 'engine.resumed'
  | 'engine.stopped'
  | 'request.deferred'
  | 'request.refused'
  | 'scope.changed'
  | 'pages.unsorted'
  | 'transport.warning'
  | 'run.stalled'
  | 'store.warning'
  | 'run.ended'
  | 'request.rejected';

test("types: a snapshot's value names every state of the chart", () => {
  expectTypeOf<Snapshot['value']>().toEqualTypeOf<Value>();
});

test('types: `matches` and `hasTag` reject names that the chart does not have', () => {
  expectTypeOf<{ activity: { running: { pushing: 'sending' } } }>().toExtend<Parameters<Snapshot['matches']>[0]>();
  expectTypeOf<{ activity: { running: { pushing: 'dreaming' } } }>().not.toExtend<Parameters<Snapshot['matches']>[0]>();
  expectTypeOf<Parameters<Snapshot['hasTag']>[0]>().toEqualTypeOf<'busy' | 'attention'>();
});

test('types: the chart accepts these events and no others', () => {
  expectTypeOf<EventFromLogic<Machine>>().toEqualTypeOf<SyncMachineEvent>();
  expectTypeOf<SyncMachineEvent>().toEqualTypeOf<MachineEvent>();
});

test('types: the chart emits these events and no others', () => {
  expectTypeOf<EmittedFrom<Machine>>().toEqualTypeOf<SyncEmitted>();
  expectTypeOf<SyncEmitted>().toEqualTypeOf<Emitted>();
  expectTypeOf<SyncEmitted['type']>().toEqualTypeOf<EmittedType>();
});

test('types: context and input have named types', () => {
  expectTypeOf<ContextFrom<Machine>>().toEqualTypeOf<SyncContext>();
  expectTypeOf<InputFrom<Machine>>().toEqualTypeOf<SyncInput>();
});
