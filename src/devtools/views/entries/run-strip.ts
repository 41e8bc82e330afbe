import type { RequestEntry } from '../../protocol/log-entry.ts';
import type { Tone } from '../words/phase-tone.ts';
import { phaseNames, phaseTones } from '../words/phase-tone.ts';
import { describeRequest, requestOutcome, type RequestOutcome } from './request-model.ts';
import { describeRun, outcomeTones, type RunSpan } from './run-spans.ts';

/** A bar within its run: place and length in percent of the run. */
export interface StripBar {
  readonly start: number;
  readonly length: number;
  readonly tone: Tone;
  readonly title: string;
  readonly entryId: number;
}

/** A run of the strip: place and length in percent of the whole strip. */
export interface StripRun {
  readonly run: RunSpan;
  readonly start: number;
  readonly length: number;
  readonly tone: Tone;
  readonly title: string;
  readonly phases: readonly StripBar[];
  readonly requests: readonly StripBar[];
}

/** Most runs that are drawn at once: the newest. */
export const mostDrawnRuns = 40;
/** Most request bars in a run; those that begin at about the same place become one. */
const mostBars = 60;
/** Share of the strip that is left between two runs, however long nothing went on between them. */
const gapShare = 0.006;
/** A run is drawn at least this long, so that it can be seen and met. */
const leastShare = 0.015;

/**
 * Lays runs out side by side, each as long as it took. Between them time is cut out: an engine rests for most of it.
 */
export function stripOf(runs: readonly RunSpan[]): readonly StripRun[] {
  const drawn = runs.slice(-mostDrawnRuns);
  const total = drawn.reduce((sum, { from, to }) => sum + (to - from), 0);
  const least = total === 0 ? 1 : total * leastShare;
  const lengths = drawn.map(({ from, to }) => Math.max(to - from, least));
  const gap = lengths.reduce((sum, length) => sum + length, 0) * gapShare;
  const whole = lengths.reduce((sum, length) => sum + length, gap * Math.max(0, drawn.length - 1));
  let at = 0;
  return drawn.map((run, index): StripRun => {
    const length = lengths[index] ?? 0;
    const start = at;
    at += length + gap;
    return {
      run,
      start: (start / whole) * 100,
      length: (length / whole) * 100,
      tone: outcomeTones[run.outcome],
      title: describeRun(run),
      ...barsOf(run),
    };
  });
}

type Bars = Pick<StripRun, 'phases' | 'requests'>;
/** What was drawn of a run, and how far the run was then: most runs are over, and their bars never change. */
const drawnBars = new WeakMap<RunSpan, { readonly lastId: number; readonly bars: Bars }>();

function barsOf(run: RunSpan): Bars {
  const known = drawnBars.get(run);
  if (known !== undefined && known.lastId === run.lastId) return known.bars;
  const bars = { phases: phaseBars(run), requests: requestBars(run) };
  drawnBars.set(run, { lastId: run.lastId, bars });
  return bars;
}

function phaseBars({ from, to, phases }: RunSpan): readonly StripBar[] {
  const length = to - from;
  return phases.flatMap(({ phase, from: start, to: end, entryId }, index): readonly StripBar[] => {
    const bar = { tone: phaseTones[phase], title: phaseNames[phase], entryId };
    // Without any duration all phases are the same length.
    if (length === 0) return [{ ...bar, start: (index / phases.length) * 100, length: 100 / phases.length }];
    return end === start
      ? []
      : [{ ...bar, start: ((start - from) / length) * 100, length: ((end - start) / length) * 100 }];
  });
}

const outcomes = new WeakMap<RequestEntry, RequestOutcome>();
/** A request of a run that is under way is asked about with each that follows it. */
function outcomeOf(request: RequestEntry): RequestOutcome {
  const known = outcomes.get(request) ?? requestOutcome(request);
  outcomes.set(request, known);
  return known;
}

function requestBars({ from, to, requests }: RunSpan): readonly StripBar[] {
  const length = Math.max(1, to - from);
  const places = new Map<number, RequestEntry[]>();
  for (const [index, request] of requests.entries()) {
    const place =
      requests.length <= mostBars
        ? index
        : Math.min(mostBars - 1, Math.floor(((request.startedAt - from) / length) * mostBars));
    const group = places.get(place);
    if (group === undefined) places.set(place, [request]);
    else group.push(request);
  }
  return [...places.values()].flatMap((group): readonly StripBar[] => {
    const [first] = group;
    if (first === undefined) return [];
    const ends = group.map(outcomeOf);
    const shown = ends.find(({ tone }) => tone === 'error') ?? ends.find(({ tone }) => tone !== 'ok') ?? ends[0];
    const end = group.reduce((latest, { at }) => Math.max(latest, at), first.at);
    return [
      {
        start: ((first.startedAt - from) / length) * 100,
        length: ((end - first.startedAt) / length) * 100,
        tone: shown?.tone ?? 'idle',
        title: group.length === 1 ? `${describeRequest(first)}: ${shown?.text ?? ''}` : `${group.length} requests`,
        entryId: first.id,
      },
    ];
  });
}
