import type { AnsweredOperation, LogEntry, RequestEntry } from '../../devtools/protocol/log-entry.ts';
import { phaseInLog } from '../../devtools/views/words/phase-in-log.ts';

/** A step of a run, for the comparison of two runs. */
export interface ReplayStep {
  /** Epoch ms. */
  readonly at: number;
  /**
   * `phase`: the chart reached it. `call`: a call of the transport with its outcome. `event`: emitted; not compared.
   */
  readonly type: 'phase' | 'call' | 'event';
  readonly text: string;
  readonly detail: string;
  /** For a push of several operations: the outcome of each. */
  readonly parts?: readonly { readonly outcome: string; readonly operations: readonly string[] }[] | undefined;
}

/** The first difference of two runs. An absent side has no further step. */
export interface Departure {
  readonly rerun: ReplayStep | undefined;
  readonly recorded: ReplayStep | undefined;
}

const shownEvents: ReadonlySet<string> = new Set([
  'op.stuck',
  'op.discarded',
  'conflict.detected',
  'conflict.merged',
  'conflict.resolved',
  'backoff.scheduled',
  'sync.failed',
  'row.quarantined',
]);

/** The steps of a log: phases without repetitions, calls, and events that matter to waiting callers. */
export function stepsOf(entries: readonly LogEntry[], phaseBefore = 'idle'): readonly ReplayStep[] {
  const steps: ReplayStep[] = [];
  let phase = phaseBefore;
  for (const entry of entries) {
    switch (entry.type) {
      case 'transition': {
        const next = phaseInLog(entry.value) ?? (isOffline(entry.value) ? 'offline' : 'idle');
        // The first phase depends only on the time of the first observation.
        if (next === phase || next === 'starting') break;
        phase = next;
        steps.push({ at: entry.at, type: 'phase', text: next, detail: '' });
        break;
      }
      case 'request':
        steps.push({
          at: entry.at,
          type: 'call',
          text: callText(entry),
          detail: outcomeText(entry),
          parts: partsOf(entry),
        });
        break;
      case 'event':
        if (shownEvents.has(entry.name))
          steps.push({ at: entry.at, type: 'event', text: entry.name, detail: eventText(entry) });
        break;
      case 'command':
        break;
    }
  }
  return steps;
}

const isOffline = (value: Extract<LogEntry, { type: 'transition' }>['value']): boolean =>
  typeof value === 'object' && typeof value['network'] !== 'string' && value['network'] !== undefined;

/** Compares the order of steps, without events and times. Returns undefined if nothing differs. */
export function firstDeparture(rerun: readonly ReplayStep[], recorded: readonly ReplayStep[]): Departure | undefined {
  const [ours, theirs] = [rerun, recorded].map((steps) => steps.filter(({ type }) => type !== 'event'));
  for (let index = 0; index < Math.max(ours?.length ?? 0, theirs?.length ?? 0); index += 1) {
    const [a, b] = [ours?.[index], theirs?.[index]];
    if (a === undefined || b === undefined || signature(a) !== signature(b)) return { rerun: a, recorded: b };
  }
  return undefined;
}

/** Sorts the operations of a push, because their order in an answer has no meaning. */
const signature = ({ type, text, detail, parts }: ReplayStep): string =>
  parts === undefined
    ? `${type} ${text} ${detail}`
    : JSON.stringify(parts.flatMap(({ outcome, operations }) => operations.map((name) => `${name} ${outcome}`)).sort());

const callText = ({ method, kind, entityId, operations }: RequestEntry): string => {
  if (operations === undefined)
    return [method, kind === undefined ? '' : entityId === undefined ? kind : `${kind}/${entityId}`].join(' ').trim();
  return `${method === 'forcePush' ? 'push by force' : 'push'} ${operations.map((operation) => `${operation.kind}/${operation.entityId}`).join(' ')}`;
};

function partsOf({ operations = [], result }: RequestEntry): ReplayStep['parts'] {
  if (operations.length < 2) return undefined;
  const groups = new Map<string, string[]>();
  for (const operation of operations) {
    const outcome = outcomeOf(operation, result);
    groups.set(outcome, [...(groups.get(outcome) ?? []), `${operation.kind}/${operation.entityId}`]);
  }
  return [...groups].map(([outcome, names]) => ({ outcome, operations: names }));
}

const outcomeOf = ({ outcome = '', statusCode }: AnsweredOperation, result: RequestEntry['result']): string =>
  `${words[outcome] ?? (result === 'aborted' ? 'given up' : 'no answer')}${statusCode === undefined ? '' : ` ${statusCode}`}`;

const words: Readonly<Record<string, string>> = {
  pushSuccess: 'applied',
  pushConflict: 'conflict',
  pushNotFound: 'not found',
  pushRejected: 'rejected',
  pushForbidden: 'forbidden',
  pushUnauthorized: 'sign-in needed',
  pushThrottled: 'throttled',
  pushUnavailable: 'unavailable',
  pushAmbiguous: 'no answer',
  pushMalformed: 'not understood',
};

function outcomeText({ result, operations, rows, error, failure, method, healthy }: RequestEntry): string {
  if (operations !== undefined) {
    const outcomes = operations.map((operation) => outcomeOf(operation, result));
    return new Set(outcomes).size === 1 && outcomes.length > 1 ? `all ${outcomes[0] ?? ''}` : outcomes.join(', ');
  }
  if (result === 'aborted') return 'given up';
  if (result === 'failed' || error !== undefined)
    return failure?.statusCode === undefined ? (failure?.name ?? 'failed') : `failed ${failure.statusCode}`;
  if (method === 'health') return healthy === false ? 'not healthy' : 'healthy';
  return rows === undefined ? 'answered' : `${rows} ${rows === 1 ? 'row' : 'rows'}`;
}

function eventText({ data, kind, entityId, name }: Extract<LogEntry, { type: 'event' }>): string {
  const about = kind === undefined ? '' : entityId === undefined ? kind : `${kind}/${entityId}`;
  if (name === 'backoff.scheduled') return typeof data['delayMs'] === 'number' ? `for ${seconds(data['delayMs'])}` : '';
  const reason =
    typeof data['reason'] === 'string' ? data['reason'] : typeof data['phase'] === 'string' ? data['phase'] : '';
  return [about, reason].filter((part) => part !== '').join(', ');
}

const seconds = (ms: number): string => (ms < 1_000 ? `${ms} ms` : `${(ms / 1_000).toFixed(1)} s`);
