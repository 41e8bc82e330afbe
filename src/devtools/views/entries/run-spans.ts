import type { LogEntry, RequestEntry, TransitionEntry } from '../../protocol/log-entry.ts';
import { describeDuration } from '../words/describe-time.ts';
import { phaseInLog } from '../words/phase-in-log.ts';
import type { Tone } from '../words/phase-tone.ts';
import type { SyncPhaseName } from '../../../model/status.ts';

/** A phase of a run, from its beginning to its end; epoch ms. */
export interface PhaseSpan {
  phase: SyncPhaseName;
  readonly from: number;
  to: number;
  readonly entryId: number;
}

/** One run: its phases one after another, and the requests made in it. */
export interface RunSpan {
  readonly runId: number;
  readonly from: number;
  to: number;
  outcome: 'running' | 'completed' | 'failed' | 'ended';
  readonly firstId: number;
  lastId: number;
  readonly phases: readonly PhaseSpan[];
  readonly requests: readonly RequestEntry[];
}

export const outcomeTones: Readonly<Record<RunSpan['outcome'], Tone>> = {
  running: 'info',
  completed: 'ok',
  failed: 'error',
  ended: 'idle',
};

/** Most runs that are kept; older ones stay in the list of entries only. */
const mostRuns = 2_000;

export interface RunSpans {
  readonly list: readonly RunSpan[];
  add(entry: LogEntry): void;
  /** Forgets the runs that have nothing from the entry with this number on. */
  dropBefore(id: number): void;
}

const phaseOfRun = ({ value }: TransitionEntry, pullsFirst: boolean): SyncPhaseName | undefined => {
  const phase = phaseInLog(value);
  return pullsFirst && phase === 'fullResync' ? 'firstPull' : phase;
};

/**
 * A place of the chart does not say that these tables were never pulled; the event does, which comes with the first
 * such place.
 */
function nameFirstPull(run: { readonly phases: readonly PhaseSpan[]; pullsFirst: boolean }): void {
  run.pullsFirst = true;
  for (const span of run.phases) if (span.phase === 'fullResync') span.phase = 'firstPull';
}

/** Gathers runs from entries in their order; what belongs to no run ends the one before. */
export function createRunSpans(): RunSpans {
  const list: RunSpan[] = [];
  let current:
    | (RunSpan & { readonly phases: PhaseSpan[]; readonly requests: RequestEntry[]; pullsFirst: boolean })
    | undefined;

  const close = (at: number): void => {
    if (current === undefined) return;
    const last = current.phases.at(-1);
    if (last !== undefined) last.to = Math.max(last.to, at);
    current.to = Math.max(current.to, at);
    if (current.outcome === 'running') current.outcome = 'ended';
    current = undefined;
  };
  const move = (entry: TransitionEntry): void => {
    if (current === undefined) return;
    const phase = phaseOfRun(entry, current.pullsFirst);
    const last = current.phases.at(-1);
    if (last !== undefined) last.to = entry.at;
    if (phase !== undefined && phase !== last?.phase)
      current.phases.push({ phase, from: entry.at, to: entry.at, entryId: entry.id });
  };

  return {
    list,
    dropBefore: (id) => {
      const kept = list.findIndex(({ lastId }) => lastId >= id);
      const gone = list.splice(0, kept === -1 ? list.length : kept);
      if (current !== undefined && gone.includes(current)) current = undefined;
    },
    add: (entry) => {
      if (entry.type === 'command') return;
      const { runId } = entry;
      if (runId === undefined) {
        if (entry.type === 'transition') close(entry.at);
        return;
      }
      if (current?.runId !== runId) {
        close(entry.at);
        // A request is written when it ends; where the log begins in a run it may be the first that is known.
        const from = entry.type === 'request' ? entry.startedAt : entry.at;
        current = {
          runId,
          from,
          to: entry.at,
          outcome: 'running',
          firstId: entry.id,
          lastId: entry.id,
          phases: [],
          requests: [],
          pullsFirst: false,
        };
        list.push(current);
        if (list.length > mostRuns) list.shift();
      }
      current.to = Math.max(current.to, entry.at);
      current.lastId = entry.id;
      if (entry.type === 'transition') move(entry);
      else if (entry.type === 'request') current.requests.push(entry);
      else if (entry.name === 'resync.started' && entry.data['reason'] === 'first') nameFirstPull(current);
      else if (entry.name === 'sync.completed') current.outcome = 'completed';
      else if (entry.name === 'sync.failed') current.outcome = 'failed';
    },
  };
}

/** A run as text: `Run 3, failed after 1.2 s, 4 requests`. */
export function describeRun({ runId, from, to, outcome, requests }: RunSpan): string {
  const took = describeDuration(to - from);
  const how = outcome === 'running' ? `running for ${took}` : `${outcome} after ${took}`;
  return `Run ${runId}, ${how}, ${requests.length} ${requests.length === 1 ? 'request' : 'requests'}`;
}
