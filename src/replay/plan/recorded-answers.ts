import type { AnsweredOperation, RequestEntry } from '../../devtools/protocol/log-entry.ts';

/** Maximum ms between an answer and the fetch that it causes; the engine settles in between. */
const soonMs = 500;

/** The result of one operation in one recorded call. */
export interface RecordedAnswer {
  readonly call: RequestEntry;
  readonly answer: AnsweredOperation;
}

/**
 * Returns the recorded results in order: by operation for writes, by kind or row for reads. Each result is used once.
 */
export class RecordedAnswers {
  readonly #writes = new Map<string, RecordedAnswer[]>();
  readonly #reads = new Map<string, RequestEntry[]>();

  constructor(calls: readonly RequestEntry[]) {
    for (const call of calls) {
      for (const answer of call.operations ?? []) add(this.#writes, answer.opId, { call, answer });
      if (call.operations === undefined) add(this.#reads, nameOf(call.method, call.kind, call.entityId), call);
    }
  }

  takeWrite(opId: string): RecordedAnswer | undefined {
    return this.#writes.get(opId)?.shift();
  }

  /** The next result, which stays in place. */
  nextWrite(opId: string): RecordedAnswer | undefined {
    return this.#writes.get(opId)?.[0];
  }

  takeRead(method: 'pull' | 'fetch' | 'health', kind?: string, id?: string): RequestEntry | undefined {
    return this.#reads.get(nameOf(method, kind, id))?.shift();
  }

  /** Whether the row was fetched after this call because its answer did not contain it. */
  isFetchedAfter(kind: string, id: string, call: RequestEntry): boolean {
    const [next] = this.#reads.get(nameOf('fetch', kind, id)) ?? [];
    return next !== undefined && next.startedAt >= call.at && next.startedAt <= call.at + soonMs;
  }
}

const nameOf = (method: RequestEntry['method'], kind = '', id = ''): string =>
  method === 'pull' ? `pull ${kind}` : `${method} ${kind}/${id}`;

function add<T>(lists: Map<string, T[]>, key: string, item: T): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
