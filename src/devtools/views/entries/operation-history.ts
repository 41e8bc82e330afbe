import type { AnsweredOperation, LogEntry, RequestEntry } from '../../protocol/log-entry.ts';
import type { OperationView } from '../../protocol/messages.ts';
import { noAnswer, outcomeWords } from '../words/outcome-words.ts';
import type { Tone } from '../words/phase-tone.ts';

/** One thing that happened to an operation. */
export interface HistoryStep {
  readonly at: number;
  readonly what: string;
  readonly tone: Tone;
  readonly detail?: string | undefined;
  /** The entry that says so; absent for what the outbox itself tells. */
  readonly entryId?: number | undefined;
  /** The operation that it was folded into. */
  readonly foldedInto?: string | undefined;
}

type Known = Pick<OperationView, 'opId' | 'kind' | 'entityId' | 'enqueuedAt' | 'requestId' | 'state'>;

/**
 * What happened to an operation, oldest first: queued → folded → sent → how it ended, from the log and the outbox. What
 * was dropped from the log is missing; of an operation that has left the outbox, only the log tells.
 */
export function historyOf(
  operation: Known | { readonly opId: string },
  entries: readonly LogEntry[],
): readonly HistoryStep[] {
  const { opId } = operation;
  const known = 'state' in operation ? operation : undefined;
  const record = known ?? recordOf(opId, entries);
  const steps: HistoryStep[] = known === undefined ? [] : [{ at: known.enqueuedAt, what: 'queued', tone: 'idle' }];
  for (const [index, entry] of entries.entries()) {
    if (entry.type === 'request' && record !== undefined) {
      const folded = foldedIn(entry, record);
      if (folded !== undefined && wentWith(opId, folded.opId, known, entries, index))
        steps.push(...foldedSending(folded, entry));
    }
    steps.push(...stepsOf(opId, entry));
  }
  if (
    known?.state === 'inFlight' &&
    known.requestId === undefined &&
    !steps.some(({ foldedInto }) => foldedInto !== undefined)
  )
    steps.push({ at: steps.at(-1)?.at ?? known.enqueuedAt, what: 'folded into a newer operation', tone: 'idle' });
  return steps.sort((a, b) => a.at - b.at);
}

interface RecordRef {
  readonly kind: string;
  readonly entityId: string;
  readonly enqueuedAt?: number | undefined;
}

function recordOf(opId: string, entries: readonly LogEntry[]): RecordRef | undefined {
  for (const entry of entries)
    if (entry.type === 'event' && entry.opId === opId && entry.kind !== undefined && entry.entityId !== undefined)
      return { kind: entry.kind, entityId: entry.entityId };
  return undefined;
}

/** What a request sent of the same record while the operation was queued. */
const foldedIn = (
  { operations = [], startedAt }: RequestEntry,
  { kind, entityId, enqueuedAt = 0 }: RecordRef,
): AnsweredOperation | undefined =>
  startedAt < enqueuedAt
    ? undefined
    : operations.find((operation) => operation.kind === kind && operation.entityId === entityId);

const settling = new Set(['op.pushed', 'op.failed', 'op.stuck', 'op.discarded']);

/**
 * Whether a request that names a newer operation of the record carried this one, too. It did where the outcome is told
 * of this one; and where this one is at the head of the line while the named one still waits: an older one would be
 * ahead of it.
 */
function wentWith(
  opId: string,
  carrier: string,
  known: Known | undefined,
  entries: readonly LogEntry[],
  index: number,
): boolean {
  if (carrier === opId) return false;
  let isCarrierQueued = true;
  for (let next = index + 1; next < entries.length; next += 1) {
    const entry = entries[next];
    if (
      entry?.type === 'request' &&
      entry.operations?.some(
        (operation) => operation.opId === opId || (isCarrierQueued && operation.opId === carrier),
      ) === true
    )
      break;
    if (entry?.type !== 'event' || !settling.has(entry.name)) continue;
    if (entry.opId === opId) return true;
    if (entry.opId === carrier && entry.name !== 'op.failed') isCarrierQueued = false;
  }
  return known !== undefined && known.state !== 'behind' && isCarrierQueued;
}

const foldedSending = (folded: AnsweredOperation, { startedAt, id }: RequestEntry): readonly HistoryStep[] => {
  const [, ...answer] = sending(folded, startedAt, id);
  return [
    {
      at: startedAt,
      what: 'folded into a newer operation, sent with it',
      tone: 'info',
      entryId: id,
      foldedInto: folded.opId,
    },
    ...answer,
  ];
};

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
        ? [
            {
              at: entry.at,
              what: `${entry.command} from the panel`,
              tone: entry.ok ? 'info' : 'error',
              detail: entry.error,
              entryId: entry.id,
            },
          ]
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
  steps.push({
    at: startedAt + (sent.answeredAfterMs ?? 0),
    what,
    tone,
    detail: `${status}${sent.message ?? ''}`.trim() || undefined,
    entryId,
  });
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

function eventStep(
  name: string,
  data: { readonly [key: string]: unknown },
): Pick<HistoryStep, 'what' | 'tone' | 'detail'> {
  const [what, tone] = eventSteps[name] ?? [name, 'idle' as const];
  const { reason, error } = data;
  const message =
    typeof error === 'object' && error !== null && 'message' in error && typeof error.message === 'string'
      ? error.message
      : undefined;
  return { what, tone, detail: typeof reason === 'string' ? reason : message };
}
