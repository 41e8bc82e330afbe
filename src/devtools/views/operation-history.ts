import type { AnsweredOperation, LogEntry } from '../protocol/log-entry.ts';
import type { OperationView } from '../protocol/messages.ts';
import { noAnswer, outcomeWords } from './outcome-words.ts';
import type { Tone } from './phase-tone.ts';

/** One thing that happened to an operation. */
export interface HistoryStep {
  readonly at: number;
  readonly what: string;
  readonly tone: Tone;
  readonly detail?: string | undefined;
  /** The entry that says so; absent for what the outbox itself tells. */
  readonly entryId?: number | undefined;
}

/**
 * What happened to an operation, oldest first: queued → folded → sent → how it ended, from the log and the outbox. What was dropped from the log
 * is missing.
 */
export function historyOf(
  operation: Pick<OperationView, 'opId' | 'enqueuedAt' | 'requestId' | 'state'> | { readonly opId: string },
  entries: readonly LogEntry[],
): readonly HistoryStep[] {
  const steps: HistoryStep[] = [];
  if ('enqueuedAt' in operation) steps.push({ at: operation.enqueuedAt, what: 'queued', tone: 'idle' });
  for (const entry of entries) steps.push(...stepsOf(operation.opId, entry));
  if ('state' in operation && operation.state === 'inFlight' && operation.requestId === undefined)
    steps.push({ at: steps.at(-1)?.at ?? operation.enqueuedAt, what: 'folded into a newer operation', tone: 'idle' });
  return steps.sort((a, b) => a.at - b.at);
}

function stepsOf(opId: string, entry: LogEntry): readonly HistoryStep[] {
  switch (entry.type) {
    case 'request': {
      const sent = entry.operations?.find((operation) => operation.opId === opId);
      return sent === undefined ? [] : sending(sent, entry.startedAt, entry.id);
    }
    case 'event':
      return entry.opId === opId ? [{ at: entry.at, entryId: entry.id, ...eventStep(entry.name, entry.data) }] : [];
    case 'command': {
      const { input } = entry;
      const named = input['opId'] === opId || (Array.isArray(input['opIds']) && input['opIds'].includes(opId));
      return named
        ? [{ at: entry.at, what: `${entry.command} from the panel`, tone: entry.ok ? 'info' : 'error', detail: entry.error, entryId: entry.id }]
        : [];
    }
    case 'transition':
      return [];
  }
}

function sending(sent: AnsweredOperation, startedAt: number, entryId: number): readonly HistoryStep[] {
  const key = sent.requestId === undefined || sent.requestId === sent.opId ? undefined : `as ${sent.requestId}`;
  const steps: HistoryStep[] = [{ at: startedAt, what: 'sent', tone: 'info', detail: key, entryId }];
  const [what, tone] = outcomeWords[sent.outcome ?? ''] ?? noAnswer;
  const status = sent.statusCode === undefined ? '' : `${sent.statusCode} `;
  steps.push({ at: startedAt + (sent.answeredAfterMs ?? 0), what, tone, detail: `${status}${sent.message ?? ''}`.trim() || undefined, entryId });
  return steps;
}

const eventSteps: Readonly<Record<string, readonly [what: string, tone: Tone]>> = {
  'op.pushed': ['left the outbox: applied', 'ok'],
  'op.failed': ['failed', 'wait'],
  'op.stuck': ['stuck', 'error'],
  'op.discarded': ['given up', 'wait'],
  'conflict.detected': ['conflict detected', 'conflict'],
  'conflict.merged': ['merged', 'conflict'],
  'conflict.resolved': ['conflict resolved', 'ok'],
  'conflict.unresolved': ['conflict waits', 'conflict'],
};

function eventStep(name: string, data: { readonly [key: string]: unknown }): Pick<HistoryStep, 'what' | 'tone' | 'detail'> {
  const [what, tone] = eventSteps[name] ?? [name, 'idle' as const];
  const { reason, error } = data;
  const message = typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string' ? error.message : undefined;
  return { what, tone, detail: typeof reason === 'string' ? reason : message };
}
