import { internalsOf } from '../../engine/core/engine-internals.ts';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import type { Json } from '../../model/values/json.ts';
import { withDefaults } from '../../model/options/complete-options.ts';
import { createInspectionLog, type InspectionLog } from '../log/inspection-log.ts';
import { createRedactor } from '../log/redact.ts';
import { redactEntry } from '../log/redact-entry.ts';
import type { EngineView, FaultSettings } from '../protocol/engine-view.ts';
import { answerQuery } from './answering/answer-query.ts';
import { describeEngine } from './describe-engine.ts';
import { checkDevtoolsOptions, devtoolsOptions, type DevtoolsAgent, type DevtoolsOptions } from './devtools-agent.ts';
import { engineViewOf } from './engine-view-of.ts';
import { followDiagnosis } from './follow-diagnosis.ts';
import { listenToEngine } from './recording/listen-to-engine.ts';
import { makeBundle } from './answering/make-bundle.ts';
import { eventEntry } from './recording/record-events.ts';
import { runCommand } from './answering/run-command.ts';
import { savedRows } from './answering/saved-rows.ts';
import { serveChannel } from './serve-channel.ts';
import { createThroughput } from './recording/throughput.ts';
import { randomId } from '../../model/platform/random-id.ts';

const agents = new WeakMap<SyncEngine, DevtoolsAgent>();

/**
 * Begins to record what an engine does, for panels to show. One agent per engine: a second call gives the first one's
 * and ignores its options. Throws `RangeError` or `TypeError` for a bad option, `TypeError` for an engine that neither
 * `createSyncEngine` nor `engineOf` made.
 */
export function attachDevtools(engine: SyncEngine, options: DevtoolsOptions = {}): DevtoolsAgent {
  checkDevtoolsOptions('attachDevtools', devtoolsOptions, options);
  const {
    name,
    capacity,
    faults: firstFaults,
  } = withDefaults<DevtoolsOptions, typeof devtoolsOptions>(devtoolsOptions, options);
  const existing = agents.get(engine);
  if (existing !== undefined) return existing;
  const internals = internalsOf(engine, 'attachDevtools');
  const { ports, inspection } = internals;
  const { clock } = ports;
  const redact = createRedactor(options.redact);
  const log = createInspectionLog(capacity);
  const throughput = createThroughput();
  const listeners = new Set<() => void>();
  const channels = new Set<() => void>();
  let faults: FaultSettings = firstFaults;
  let recording = true;
  let isAttached = true;

  const changed = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const keep: InspectionLog['add'] = (entry) => {
    if (recording) log.add(entry);
  };
  const setFaults = (next: FaultSettings): void => {
    faults = next;
    changed();
  };

  const description = describeEngine({
    internals,
    engineId: randomId(),
    name,
    startedAt: clock.now(),
    redact,
  });
  const diagnosis = followDiagnosis(engine, redact, changed);
  const view = (): EngineView =>
    engineViewOf({
      at: clock.now(),
      snapshot: engine.actor.getSnapshot(),
      status: engine.status(),
      faults,
      throughput: throughput.read(clock.now()),
      recording,
      diagnosis: diagnosis.read(),
      redact,
    });

  const listening = listenToEngine({
    engine,
    internals,
    faults: () => faults,
    log: keep,
    onEvent: (event) => {
      throughput.note(event);
      if (recording) log.add(eventEntry(event, redact));
    },
    onChange: changed,
    // Open panels are told, and what was recorded can still be read.
    onEnd: () => endChannels(),
  });
  const listenAsNeeded = (): void => {
    if (!isAttached) return;
    const watched = listeners.size > 0;
    listening.need({ recording, connected: channels.size > 0, watched });
    diagnosis.need(watched);
  };
  listenAsNeeded();

  const agent: DevtoolsAgent = {
    log,
    description,
    view,
    run: async (command) => {
      const { type, ...input } = command;
      const note = (
        outcome: { readonly ok: true; readonly result: Json } | { readonly ok: false; readonly error: string },
      ): void => {
        const shown = redact(input);
        log.add({
          type: 'command',
          at: clock.now(),
          command: type,
          input:
            typeof shown === 'object' && shown !== null && !Array.isArray(shown) ? (shown as Record<string, Json>) : {},
          ...outcome,
        });
      };
      try {
        const result = await runCommand(command, {
          engine,
          inspection: internals.inspection,
          redact,
          setFaults,
          record: (on) => {
            recording = on;
            listenAsNeeded();
            changed();
          },
          clearLog: () => {
            const newest = log.lastId;
            log.clear();
            return newest;
          },
        });
        note({ ok: true, result });
        return result;
      } catch (error) {
        note({ ok: false, error: error instanceof Error ? error.message : String(error) });
        throw error;
      }
    },
    ask: (type, input) => answerQuery(type, input, { engine, internals, redact, bundle }),
    connect: (channel) => {
      const serving = serveChannel(agent, channel);
      const end = (): void => {
        if (channels.delete(end)) serving();
        listenAsNeeded();
      };
      channels.add(end);
      listenAsNeeded();
      return end;
    },
    subscribe: (listener) => {
      listeners.add(listener);
      listenAsNeeded();
      return () => {
        listeners.delete(listener);
        listenAsNeeded();
      };
    },
    detach: () => {
      agents.delete(engine);
      endChannels();
      isAttached = false;
      listening.end();
      diagnosis.need(false);
      listeners.clear();
    },
  };
  agents.set(engine, agent);
  return agent;

  function endChannels(): void {
    for (const end of [...channels]) end();
  }
  async function bundle(): Promise<Json> {
    return makeBundle({
      at: clock.now(),
      engine: description,
      view: { ...view(), diagnosis: await diagnosis.ask() },
      entries: log.read().map((entry) => redactEntry(entry, redact)),
      operations: await agent.ask('operations', { limit: 500 }),
      conflicts: await agent.ask('conflicts', {}),
      kinds: await agent.ask('kinds', {}),
      discarded: await agent.ask('discarded', {}),
      rows: await savedRows([...ports.kinds.keys()], inspection, redact),
    });
  }
}
