import { internalsOf } from '../../src/engine/core/engine-internals.ts';
import { explainOperation } from '../../src/engine/status/explain.ts';
import { phaseOf } from '../../src/machines/phase-of.ts';
import type { EngineView } from '../../src/devtools/protocol/engine-view.ts';
import type { LogEntry } from '../../src/devtools/protocol/log-entry.ts';
import type { OperationView } from '../../src/devtools/protocol/messages.ts';
import type { QueuedOperation } from '../../src/model/queue.ts';
import { openEngine, type EngineBenchOptions } from '../../test/support/open-engine.ts';
import { todoOf } from '../../test/support/todo.ts';
import { onBench, quietly, seeded, type CaptureBench } from './capture-bench.ts';
import type { SyncPhaseName } from '../../src/model/status.ts';

/** A phase as an engine was first seen in it: the log of the act up to `lastId` is what a panel knew then. */
export interface CapturedPhase {
  readonly phase: SyncPhaseName;
  readonly act: number;
  readonly lastId: number;
  readonly view: EngineView;
}

export interface CapturedPhases {
  readonly acts: readonly (readonly LogEntry[])[];
  readonly phases: readonly CapturedPhase[];
  /** One operation for each reason why one can wait. */
  readonly operations: readonly OperationView[];
}

/** Leads engines through all phases, and through all reasons for which an operation waits. */
export async function capturePhases(): Promise<CapturedPhases> {
  const acts: (readonly LogEntry[])[] = [];
  const phases = new Map<SyncPhaseName, CapturedPhase>();
  const operations = new Map<string, OperationView>();

  const act = async (
    script: (bench: CaptureBench, look: () => Promise<void>) => Promise<void>,
    options: EngineBenchOptions = {},
  ): Promise<void> => {
    const number = acts.length;

    const captured = await onBench(async (bench) => {
      const { agent, engine } = bench;
      const seen = new Map<SyncPhaseName, CapturedPhase>();
      const known: OperationView[] = [];
      // The step is written when the chart has moved, and the status follows.
      agent.log.subscribe(() => {
        const phase = phaseOf(engine.actor.getSnapshot());
        if (seen.has(phase)) return;
        const view = agent.view();
        seen.set(phase, {
          phase,
          act: number,
          lastId: agent.log.lastId,
          view: { ...view, status: { ...view.status, phase } },
        });
        queueMicrotask(() => {
          const settled = agent.view();
          const captured = seen.get(phase);
          if (captured !== undefined && settled.status.phase === phase) seen.set(phase, { ...captured, view: settled });
        });
      });
      const look = async (): Promise<void> => {
        const page: unknown = await agent.ask('operations', { limit: 500 });
        known.push(...(page as { readonly items: readonly OperationView[] }).items);
      };
      await script(bench, look);
      return { entries: agent.log.read(), seen: [...seen.values()], known };
    }, options);
    acts.push(captured.entries);
    for (const phase of captured.seen) if (!phases.has(phase.phase)) phases.set(phase.phase, phase);
    for (const operation of captured.known)
      if (!operations.has(operation.reason)) operations.set(operation.reason, operation);
  };

  await act(
    async (bench, look) => {
      const { engine, server, writer, after } = bench;
      await engine.start();
      await seeded(bench);
      for (const id of ['t1', 't2']) await writer.replaceAndEnqueue(todoOf(id, { title: `${id}, as changed here` }));
      server.update('todos', 't1', { title: 't1, as changed by somebody else' });
      const held = server.holdNextRequests(1, { method: 'PUT' });
      const run = quietly(engine.sync());
      await held.arrived;
      await writer.replaceAndEnqueue(todoOf('t2', { title: 'once more' }));
      await look();
      held();
      await run;
      await after(20_000);
      await quietly(engine.fullResync());
      await after(5_000);
      server.refuse(({ id }) => id === 't3', {
        status: 422,
        body: { error: 'validation', fields: { title: 'is too long' } },
      });
      server.refuse(({ id }) => id === 't4', { status: 403, body: { error: 'forbidden' } });
      for (const id of ['t3', 't4', 't6'])
        await writer.replaceAndEnqueue(todoOf(id, { title: `${id}, as changed here` }));
      server.update('todos', 't6', { title: 't6, as changed by somebody else' });
      await look();
      await quietly(engine.sync());
      await look();
      await engine.pause();
      await writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
      await look();
      await engine.dispose();
    },
    { config: { conflictStrategy: 'manual', maxOutboxTryCount: 1, maxRetries: 0 } },
  );
  await act(
    async (bench, look) => {
      await seeded(bench);
      bench.server.failNextRequests(9, 503);
      await bench.writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
      void quietly(bench.engine.sync());
      await bench.until(({ phase }) => phase === 'backoff');
      await look();
    },
    { config: { maxRetries: 5 } },
  );
  await act(async (bench, look) => {
    await seeded(bench);
    await bench.writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
    internalsOf(bench.engine, 'the test').send({ type: 'network.offline' });
    await bench.until(({ phase }) => phase === 'offline');
    await look();
  });
  await act(async (bench, look) => {
    await seeded(bench);
    await bench.writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
    bench.server.failNextRequests(9, 401);
    await quietly(bench.engine.sync());
    await look();
  });
  await act(async (bench, look) => {
    await seeded(bench);
    const other = await openEngine({ dataSource: bench.dataSource, server: bench.server, clock: bench.clock });
    await bench.writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
    const held = bench.server.holdNextRequests(1, { method: 'PUT' });
    const first = other.engine.sync();
    await held.arrived;
    const second = quietly(bench.engine.sync());
    await bench.until(({ phase }) => phase === 'standby');
    await bench.writer.insertAndEnqueue(todoOf('n2', { title: 'Buy bread' }));
    await look();
    held();
    await first;
    await bench.after(1_000);
    await second;
    await other.engine.dispose();
  });
  await act(async (bench, look) => {
    await bench.dataSource.query('DROP TABLE "sync_state"');
    await quietly(bench.engine.sync());
    await look();
  });
  await act(seeded, { config: { fullResyncIntervalMs: 7 * 86_400_000 } });
  let user = 'anna';
  await act(
    async (bench, look) => {
      await seeded(bench);
      await bench.writer.insertAndEnqueue(todoOf('n1', { title: 'Buy milk' }));
      user = 'bert';
      await quietly(bench.engine.sync());
      await look();
    },
    { scope: () => user },
  );
  for (const operation of await rareOperations()) operations.set(operation.reason, operation);
  return { acts, phases: [...phases.values()], operations: [...operations.values()] };
}

/**
 * What takes another release of an app or a lost table to come about: a captured operation with that in it, explained
 * by the engine.
 */
const rareOperations = (): Promise<readonly OperationView[]> =>
  onBench(async ({ agent, engine, writer }) => {
    await engine.start();
    await writer.insertAndEnqueue(todoOf('n9', { title: 'Buy milk' }));
    const page: unknown = await agent.ask('operations', {});
    const explain = (
      operation: OperationView,
      number: number,
      part: Partial<QueuedOperation>,
      isRegistered = true,
    ): OperationView => {
      const changed = { ...operation, ...part, opId: `${operation.opId.slice(0, -1)}${number}` };
      return { ...changed, ...explainOperation(changed, engine.actor.getSnapshot(), isRegistered) };
    };
    return (page as { readonly items: readonly OperationView[] }).items.flatMap((operation) => [
      explain(operation, 1, {
        state: 'parked',
        parkedFor: 'ambiguous',
        tryCount: 2,
        lastError: 'the answer to PUT todos/n9 was lost',
      }),
      explain(operation, 2, { kind: 'notes' }, false),
      explain(operation, 3, { newerSchema: true }),
    ]);
  });
