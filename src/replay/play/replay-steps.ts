import type { AnsweredOperation, LogEntry, RequestEntry } from '../../devtools/protocol/log-entry.ts';
import { phaseInLog } from '../../devtools/views/words/phase-in-log.ts';

/** Something that a run does, by which two runs are compared. */
export interface ReplayStep {
  /** Epoch ms. */
  readonly at: number;
  /**
   * `phase`: the chart got there. `call`: of the transport, with its outcome. `event`: told to everybody; not compared.
   */
  readonly type: 'phase' | 'call' | 'event';
  readonly text: string;
  readonly detail: string;
  /** Of a push of several operations: which of them had which outcome. */
  readonly parts?: readonly { readonly outcome: string; readonly operations: readonly string[] }[] | undefined;
}

/** Where two runs are not the same any more. Absent sides: that run has nothing more. */
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

/** The steps of a log: phases without repetitions, calls, and events that matter to somebody who waits. */
export function stepsOf(entries: readonly LogEntry[], phaseBefore = 'idle'): readonly ReplayStep[] {
  const steps: ReplayStep[] = [];
  let phase = phaseBefore;
  for (const entry of entries) {
    switch (entry.type) {
      case 'transition': {
        const next = phaseInLog(entry.value) ?? (isOffline(entry.value) ? 'offline' : 'idle');
        // How it begins is a matter of when somebody looked first.
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

/** The same steps in the same order? Events and times are not looked at. `undefined`: nothing differs. */
export function firstDeparture(rerun: readonly ReplayStep[], recorded: readonly ReplayStep[]): Departure | undefined {
  const [ours, theirs] = [rerun, recorded].map((steps) => steps.filter(({ type }) => type !== 'event'));
  for (let index = 0; index < Math.max(ours?.length ?? 0, theirs?.length ?? 0); index += 1) {
    const [a, b] = [ours?.[index], theirs?.[index]];
    if (a === undefined || b === undefined || signature(a) !== signature(b)) return { rerun: a, recorded: b };
  }
  return undefined;
}

/** Operations of one push go by their own: in which order an answer lists them means nothing. */
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
