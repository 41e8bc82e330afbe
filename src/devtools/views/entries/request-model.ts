import type { RequestEntry } from '../../protocol/log-entry.ts';
import { describeBytes } from '../words/describe-time.ts';
import { noAnswer, outcomeWords } from '../words/outcome-words.ts';
import type { Tone } from '../words/phase-tone.ts';

export interface RequestOutcome {
  readonly tone: Tone;
  /** Such as `12 rows, 1.9 kB` or `5 applied, 1 conflict`. */
  readonly text: string;
}

const worstFirst: readonly Tone[] = ['error', 'conflict', 'wait', 'info', 'ok', 'idle'];
const worst = (tones: readonly Tone[]): Tone => worstFirst.find((tone) => tones.includes(tone)) ?? 'idle';

/** How a call of the transport ended, with the colour of its worst answer. */
export function requestOutcome(request: RequestEntry): RequestOutcome {
  const { result, error, operations, rows, bytes, hasMore } = request;
  if (result === 'aborted') return { tone: 'idle', text: 'aborted' };
  if (result === 'failed' || error !== undefined) return { tone: 'error', text: error ?? 'failed' };
  if (operations !== undefined) return pushOutcome(operations.map(({ outcome }) => outcome ?? ''));
  if (rows === undefined) return { tone: 'ok', text: 'answered' };
  const parts = [
    `${rows.toLocaleString('en')} ${rows === 1 ? 'row' : 'rows'}`,
    ...(bytes === undefined ? [] : [describeBytes(bytes)]),
    ...(hasMore === true ? ['more to come'] : []),
  ];
  return { tone: 'ok', text: parts.join(', ') };
}

function pushOutcome(outcomes: readonly string[]): RequestOutcome {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  const words = [...counts].map(([outcome, count]) => ({ count, what: outcomeWords[outcome] ?? noAnswer }));
  return {
    tone: worst(words.map(({ what: [, tone] }) => tone)),
    text:
      outcomes.length === 1
        ? (words[0]?.what[0] ?? '')
        : words.map(({ count, what: [text] }) => `${count} ${text}`).join(', '),
  };
}

/** What was called, in a few words: `pull todos`, `push todos/t1`, `push 7 operations`. */
export function describeRequest({ method, kind, entityId, operations }: RequestEntry): string {
  const [only] = operations ?? [];
  if (operations !== undefined && operations.length > 1) return `${method} ${operations.length} operations`;
  const what = entityId ?? only?.entityId;
  const of = kind ?? only?.kind;
  return [method, of === undefined ? undefined : what === undefined ? of : `${of}/${what}`]
    .filter((part) => part !== undefined)
    .join(' ');
}
