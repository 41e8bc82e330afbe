import type { QueuePort } from '../../model/queue.ts';
import type { SyncActor } from '../machine/sync-stream.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import type { StatusKeeper } from '../status/status-keeper.ts';
import type { Waiters } from '../waits/waiters.ts';
import type { RunningMachine } from './engine-internals.ts';
import type { EngineLife } from './engine-life.ts';
import type { EngineNews } from './engine-news.ts';

/** Shared by the commands of an engine. */
export interface EngineContext {
  readonly ports: EnginePorts;
  readonly queue: QueuePort;
  readonly actor: SyncActor;
  readonly machine: RunningMachine['parts'];
  readonly life: EngineLife;
  readonly news: EngineNews;
  readonly status: StatusKeeper;
  readonly waiters: Waiters;
}
