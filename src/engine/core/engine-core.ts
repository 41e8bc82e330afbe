import { createActor } from 'xstate';
import type { SyncEngineCore } from '../api/sync-engine.ts';
import { assembleMachine } from '../machine/assemble-machine.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { createScopeCommands } from '../scope/scope-commands.ts';
import { createDiagnosisStream } from '../status/diagnosis-stream.ts';
import { createStatusKeeper } from '../status/status-keeper.ts';
import { createInstalledTriggers, type InstalledTriggers } from '../triggers/installed-triggers.ts';
import type { TriggerSite } from '../triggers/trigger-site.ts';
import { Waiters } from '../waits/waiters.ts';
import { autoSync } from './auto-sync.ts';
import { chartCommands } from './chart-commands.ts';
import type { EngineContext } from './engine-context.ts';
import { attachInternals, type EngineParts, type RunningMachine } from './engine-internals.ts';
import { EngineLife } from './engine-life.ts';
import { createEngineNews } from './engine-news.ts';
import { queueCommands } from './queue-commands.ts';

/** Builds the façade over ports. The composition root passes a database, tests pass a store in memory. */
export function createEngineCore(parts: EngineParts): SyncEngineCore {
  const detached = parts.detached ?? (<T>(work: () => T): T => work());
  const context = createContext(parts, detached);
  const { ports, queue, life, news, status } = context;
  const send: TriggerSite['send'] = (event) => life.sendWhileAlive(event);
  const triggers = createInstalledTriggers();
  const triggerSite = triggerSiteOf(context, send, detached, triggers);
  const auto = autoSync(life, triggerSite);
  const chart = chartCommands(context);
  const scopes = createScopeCommands({
    ports,
    queue,
    send: (event) => life.send(event),
    tell: news.tell,
    forget: () => {
      context.machine.memory.lastSyncedAt = undefined;
      status.forget();
    },
    standingStill: (work) => standingStill(context, chart, work),
  });

  const engine: SyncEngineCore = {
    actor: context.actor,
    ...chart,
    ...auto,
    ...queueCommands(context, detached),
    adoptScope: (options) => life.alive(() => scopes.adopt(options)),
    clearScope: (options) => life.alive(() => scopes.clear(options)),
    diagnosis$: createDiagnosisStream({
      queue,
      isRegistered: (kind) => ports.kinds.has(kind),
      snapshot: () => context.actor.getSnapshot(),
      status: () => status.current(),
      status$: status.hub.stream,
      counted: () => status.counted(),
      events$: news.events.stream,
      triggers,
      clockOffsetMs: () => context.machine.memory.clockOffsetMs,
      clock: ports.clock,
      staleAfterMs: ports.config.staleAfterMs,
      detached,
    }),
    events$: news.events.stream,
    status$: status.hub.stream,
    status: () => status.current(),
    dispose: () => life.dispose(),
  };
  life.onDispose(auto.stopAuto);
  attachInternals(engine, { ...parts, send, isDisposed: () => life.isDisposed, tell: news.tell, triggerSite });
  if (parts.running !== undefined) life.follow();
  return engine;
}

function createContext(parts: EngineParts, detached: <T>(work: () => T) => T): EngineContext {
  const { ports, queue, storage } = parts;
  const { clock, config } = ports;
  const running = parts.running ?? startable(ports);
  const waiters = new Waiters();
  const status = createStatusKeeper({
    queue,
    snapshot: running.actor.getSnapshot(),
    clock,
    detached,
    storage,
  });
  const news = createEngineNews({ clock, waiters, status });
  const life = new EngineLife({
    running,
    isActorOfApp: parts.running !== undefined,
    queue,
    connectivity: parts.connectivity,
    storage,
    clock,
    stallAfterMs: config.stallAfterMs,
    detached,
    waiters,
    status,
    news,
  });
  return { ports, queue, actor: running.actor, machine: running.parts, life, news, status, waiters };
}

function startable(ports: EnginePorts): RunningMachine {
  const { machine, parts } = assembleMachine(ports);
  return { actor: createActor(machine, { clock: ports.clock }), parts };
}

/** The part of the engine that triggers use. */
const triggerSiteOf = (
  { ports, queue, actor, news }: EngineContext,
  send: TriggerSite['send'],
  detached: TriggerSite['detached'],
  { note }: InstalledTriggers,
): TriggerSite => ({
  ...ports,
  queue,
  events$: news.events.stream,
  send,
  tell: news.tell,
  note,
  isBusy: () => actor.getSnapshot().hasTag('busy'),
  isResting: () => {
    const { value, context } = actor.getSnapshot();
    return value.activity === 'idle' && context.next === undefined && context.wait === undefined;
  },
  detached,
});

/** Runs work while the chart is paused, and restores the chart's previous state afterwards. */
async function standingStill<T>(
  { actor, machine: { memory } }: EngineContext,
  chart: Pick<SyncEngineCore, 'pause' | 'resume'>,
  work: () => Promise<T>,
): Promise<T> {
  if (actor.getSnapshot().matches({ activity: 'paused' })) return work();
  memory.pausesBriefly = true;
  try {
    await chart.pause();
    return await work();
  } finally {
    // If the engine was disposed meanwhile, the work is done nevertheless, and its result is returned.
    await chart.resume().catch(() => undefined);
    memory.pausesBriefly = false;
  }
}
