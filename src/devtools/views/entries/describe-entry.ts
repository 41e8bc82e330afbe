import type { ResyncReason } from '../../../model/events.ts';
import type { Json, JsonObject } from '../../../model/values/json.ts';
import type { CommandEntry, EventEntry, LogEntry, TransitionEntry } from '../../protocol/log-entry.ts';
import { describeDuration, describeTime } from '../words/describe-time.ts';
import { pathOf, phaseInLog } from '../words/phase-in-log.ts';
import { phaseTones, type Tone } from '../words/phase-tone.ts';
import { describeRequest, requestOutcome } from './request-model.ts';

/** A log entry as one line. */
export interface EntryText {
  readonly tone: Tone;
  readonly title: string;
  /** '' when there is nothing to add. */
  readonly detail: string;
}

export const entryTypeNames: Readonly<Record<LogEntry['type'], string>> = {
  transition: 'chart',
  event: 'event',
  request: 'request',
  command: 'panel',
};

export function describeEntry(entry: LogEntry): EntryText {
  switch (entry.type) {
    case 'transition':
      return describeTransition(entry);
    case 'event':
      return { tone: eventTone(entry.name), title: entry.name, detail: eventDetail(entry) };
    case 'request': {
      const { tone, text } = requestOutcome(entry);
      const took = entry.tookMs > 0 ? `${describeDuration(entry.tookMs)}, ` : '';
      return {
        tone,
        title: describeRequest(entry),
        detail: `${took}${text}${entry.faults === undefined ? '' : ` (${entry.faults.join(', ')})`}`,
      };
    }
    case 'command':
      return {
        tone: entry.ok ? 'info' : 'error',
        title: `${entry.command} from the panel`,
        detail: entry.error ?? switchedTo(entry),
      };
  }
}

/** Of what is switched on and off. */
const switchedTo = ({ input: { on } }: CommandEntry): string => (typeof on === 'boolean' ? (on ? 'on' : 'off') : '');

function describeTransition({ cause, value }: TransitionEntry): EntryText {
  const phase = phaseInLog(value);
  const place = pathOf(typeof value === 'string' ? value : (value['activity'] ?? '')).join('.');
  return { tone: phase === undefined ? 'idle' : phaseTones[phase], title: cause, detail: `→ ${place}` };
}

const tones: Readonly<Record<string, Tone>> = {
  'sync.completed': 'ok',
  'op.pushed': 'ok',
  'conflict.resolved': 'ok',
  'session.signedIn': 'ok',
  'network.online': 'ok',
  'sync.failed': 'error',
  'op.stuck': 'error',
  'row.quarantined': 'error',
  'session.authRequired': 'error',
  'request.refused': 'error',
  'scope.changed': 'error',
  'conflict.detected': 'conflict',
  'conflict.merged': 'conflict',
  'conflict.unresolved': 'conflict',
  'op.failed': 'wait',
  'op.discarded': 'wait',
  'backoff.scheduled': 'wait',
  'network.offline': 'wait',
  'engine.paused': 'wait',
  'request.deferred': 'wait',
  'pages.unsorted': 'wait',
  'rows.ignored': 'wait',
  'transport.warning': 'wait',
  'store.warning': 'wait',
  'run.stalled': 'wait',
};
const eventTone = (name: string): Tone => tones[name] ?? 'info';

const resyncWords: Readonly<Record<ResyncReason, string>> = {
  first: 'first pull',
  manual: 'somebody asked for it',
  schema: 'the table has a newer version',
  scheduled: 'its time had come',
};
const isResyncReason = (value: unknown): value is ResyncReason =>
  typeof value === 'string' && Object.hasOwn(resyncWords, value);

/** What the event is about, its error, and its plain numbers and words. */
function eventDetail({ name: event, data, kind, entityId }: EventEntry): string {
  if (event === 'resync.started' && isResyncReason(data['reason'])) return resyncWords[data['reason']];
  const about = kind === undefined ? undefined : entityId === undefined ? kind : `${kind}/${entityId}`;
  const error = messageOf(data);
  const skipped = new Set(['kind', 'entityId', 'opId', 'id']);
  const facts = Object.entries(data)
    .filter(
      ([name, value]) =>
        !skipped.has(name) && (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'),
    )
    .map(([name, value]) => `${wordsOf(name)} ${showFact(name, value)}`);
  return [about, error, ...(error === undefined ? facts : [])]
    .filter((part) => part !== undefined && part !== '')
    .join(' · ');
}

/** `delayMs` is `delay`, `batchSize` is `batch size`, `retryAt` is `retry at`. */
const wordsOf = (name: string): string =>
  name.replace(/Ms$/, '').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);

/** Numbers by their names: `…Ms` is a duration, `…At` a time. */
function showFact(name: string, value: Json): string {
  if (typeof value !== 'number') return String(value);
  if (name.endsWith('Ms')) return describeDuration(value);
  return name.endsWith('At') ? describeTime(value) : value.toLocaleString('en');
}

function messageOf({ error }: JsonObject): string | undefined {
  if (typeof error === 'string') return error;
  return typeof error === 'object' && error !== null && 'message' in error && typeof error['message'] === 'string'
    ? error['message']
    : undefined;
}
