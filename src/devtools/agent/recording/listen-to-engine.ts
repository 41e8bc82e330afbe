import type { EngineInternals } from '../../../engine/core/engine-internals.ts';
import type { SyncEngine } from '../../../engine/api/sync-engine.ts';
import { TransportSwitch } from '../../../engine/ports/transport-switch.ts';
import type { SyncEvent } from '../../../model/events.ts';
import type { InspectionLog } from '../../log/inspection-log.ts';
import type { FaultSettings } from '../../protocol/engine-view.ts';
import { createFaultMarks } from './fault-marks.ts';
import { faultSwitch } from './fault-switch.ts';
import { recordChart } from './record-chart.ts';
import { tapTransport } from './transport-tap.ts';
import { whileNeeded } from './while-needed.ts';

export interface ListeningParts {
  readonly engine: SyncEngine;
  readonly internals: EngineInternals;
  readonly faults: () => FaultSettings;
  readonly log: InspectionLog['add'];
  readonly onEvent: (event: SyncEvent) => void;
  /** What a panel shows may have changed. */
  readonly onChange: () => void;
  /** The engine was disposed of. */
  readonly onEnd: () => void;
}

export interface Needs {
  /** The log is kept. */
  readonly recording: boolean;
  /** Somebody wants to know when the engine ends. */
  readonly connected: boolean;
  /** Somebody looks at the status. */
  readonly watched: boolean;
}

export interface Listening {
  /**
   * Listens to as much as that takes: while nothing is recorded and nobody looks, the engine is as without devtools.
   */
  need(needs: Needs): void;
  /** Takes the faults off, too. */
  end(): void;
}

/** Puts faults and ears into an engine; the ears only while they are needed. */
export function listenToEngine({
  engine,
  internals,
  faults,
  log,
  onEvent,
  onChange,
  onEnd,
}: ListeningParts): Listening {
  const { clock, random, transport } = internals.ports;
  const marks = createFaultMarks();
  const interpose = (wrap: Parameters<TransportSwitch['interpose']>[0]): (() => void) =>
    transport instanceof TransportSwitch ? transport.interpose(wrap) : () => undefined;
  const takeFaultsOff = interpose(
    faultSwitch({ settings: faults, clock, random, note: (call, fault) => marks.note(call, fault) }),
  );

  const steps = whileNeeded(() => recordChart(engine.actor, { clock, log }));
  // Around the faults, which were put there before.
  const calls = whileNeeded(() =>
    interpose(
      tapTransport({
        clock,
        log,
        runId: () => engine.actor.getSnapshot().context.run?.id,
        faultsOf: (call) => marks.of(call),
      }),
    ),
  );
  const events = whileNeeded(() => {
    let isUnderWay = false;
    const told = engine.events$.subscribe({
      next: onEvent,
      // One that has ended before has nobody to be told: what was recorded is read by whoever comes afterwards.
      complete: () => {
        if (isUnderWay) onEnd();
      },
    });
    isUnderWay = true;
    return () => told.unsubscribe();
  });
  const changes = whileNeeded(() => {
    let isUnderWay = false;
    const watched = engine.status$.subscribe(() => {
      // It begins with the present status, which is no change.
      if (isUnderWay) onChange();
    });
    isUnderWay = true;
    const moved = engine.actor.subscribe(onChange);
    return () => {
      watched.unsubscribe();
      moved.unsubscribe();
    };
  });
  const need = ({ recording, connected, watched }: Needs): void => {
    steps(recording);
    calls(recording);
    events(recording || connected || watched);
    changes(watched);
  };
  return {
    need,
    end: () => {
      need({ recording: false, connected: false, watched: false });
      takeFaultsOff();
    },
  };
}
