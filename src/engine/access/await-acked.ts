import type { Subscription } from 'rxjs';
import type { Clock } from '../../model/platform/clock.ts';
import { SyncAbortedError } from '../../model/errors/errors.ts';
import type { SyncEvent } from '../../model/events.ts';
import { NotAckedError, type NotAckedReason } from '../../model/not-acked-error.ts';
import type { QueuePort } from '../../model/queue.ts';
import type { AckWatch, AwaitOptions, QueuedWrite } from '../../persistence/writing/await-level.ts';
import type { OperationFate } from '../../persistence/outbox/operation-fate.ts';
import type { SyncEngineCore } from '../api/sync-engine.ts';
import { waitFor } from '../waits/wait-until.ts';

export interface AckParts {
  readonly core: Pick<SyncEngineCore, 'events$' | 'explain'>;
  readonly queue: Pick<QueuePort, 'subscribe'>;
  readonly clock: Clock;
  /** Default timeout of a write without `timeoutMs`. */
  readonly defaultTimeoutMs: number;
  fatesOf(opIds: readonly string[]): Promise<ReadonlyMap<string, OperationFate>>;
  /** Requests a push that retries automatically. */
  push(): void;
}

/**
 * Wait in ms for an event of our own run. After it, an operation that left without an event was sent by another
 * process.
 */
const graceMs = 1_000;

type Verdict = 'acked' | NotAckedError;

/** Observes the outcome of writes. {@link AckWatch.wait} returns the outcome of the given ones. */
export function watchAcks(parts: AckParts): AckWatch {
  const verdicts = new Map<string, Verdict>();
  const conflicts = new Map<string, string>();
  const listeners = new Set<() => void>();
  let isOver = false;
  const wake = (): void => {
    for (const listener of [...listeners]) listener();
  };
  const onEvent = (event: SyncEvent): void => {
    if (event.type === 'conflict.unresolved') conflicts.set(entityOf(event.conflict), event.reason);
    else {
      const verdict = verdictOf(event);
      if (verdict === undefined) return;
      verdicts.set(verdict.opId, verdict.verdict);
    }
    wake();
  };
  const listening: Subscription = parts.core.events$.subscribe({
    next: onEvent,
    complete: () => {
      isOver = true;
      wake();
    },
  });
  const stopQueue = parts.queue.subscribe(wake);

  const verdictFor = (write: QueuedWrite): Verdict | undefined => {
    const told = verdicts.get(write.opId);
    // The row was created and deleted before anything was sent, so the server has no such row, as the delete requires.
    if (told instanceof NotAckedError)
      return told.discardReason === 'foldedAway' && write.type === 'delete' ? 'acked' : told;
    const reason = conflicts.get(entityOf(write));
    return told ?? (reason === undefined ? undefined : notAcked(write, 'conflict', reason));
  };

  const waitForAll = async (
    writes: readonly QueuedWrite[],
    limits: { readonly signal?: AbortSignal | undefined; readonly until: number },
  ): Promise<void> => {
    const goneSince = new Map<string, number>();
    let open = writes;
    for (;;) {
      let woken = false;
      let release: () => void = () => undefined;
      const listener = (): void => {
        woken = true;
        release();
      };
      listeners.add(listener);
      try {
        const fates = await parts.fatesOf(open.map(({ opId }) => opId));
        const now = parts.clock.now();
        open = open.filter((write) => {
          const verdict = verdictFor(write) ?? judge(write, fates.get(write.opId), goneSince, now);
          if (verdict instanceof NotAckedError) throw verdict;
          return verdict === undefined;
        });
        if (open.length === 0) return;
        if (isOver)
          throw new SyncAbortedError(
            `the engine is disposed; ${namesOf(open)} is stored here, and the next engine will send it`,
          );
        if (woken) continue;
        const graceLeft = goneSince.size === 0 ? Infinity : graceMs - (now - Math.min(...goneSince.values()));
        const { clock } = parts;
        await waitFor<undefined>(
          (done) => {
            release = () => done(undefined);
            const grace = Number.isFinite(graceLeft) ? clock.setTimeout(release, Math.max(1, graceLeft)) : undefined;
            return () => {
              if (grace !== undefined) clock.clearTimeout(grace);
            };
          },
          { signal: limits.signal, timeoutMs: Math.max(0, limits.until - now), clock },
        );
      } finally {
        listeners.delete(listener);
      }
    }
  };

  return {
    wait: async (writes, { timeoutMs = parts.defaultTimeoutMs, signal }: AwaitOptions) => {
      if (writes.length === 0) return;
      parts.push();
      try {
        await waitForAll(writes, { signal, until: parts.clock.now() + timeoutMs });
      } catch (error) {
        if (!(error instanceof SyncAbortedError) || isOver) throw error;
        const why =
          signal?.aborted === true
            ? 'the signal ended the wait'
            : `the server has not confirmed it within ${timeoutMs} ms`;
        throw new SyncAbortedError(
          `${namesOf(writes)} is stored here and will be sent, but ${why}. ${await detailOf(parts, writes)}`.trim(),
          { cause: error },
        );
      }
    },
    stop: () => {
      listening.unsubscribe();
      stopQueue();
    },
  };
}

const entityOf = ({ kind, entityId }: { readonly kind: string; readonly entityId: string }): string =>
  `${kind}\n${entityId}`;
const namesOf = (writes: readonly QueuedWrite[]): string =>
  writes.map(({ kind, entityId }) => `${kind}/${entityId}`).join(', ');

const sentences: Readonly<Record<NotAckedReason, string>> = {
  rejected: 'the server refused it; it stays queued, and the next sync retries it',
  stuck: 'the server refused it too often; correct, retry or drop it',
  ambiguous: 'it is unknown whether the server has it; retry or drop it',
  conflict: 'somebody else changed the same record, and the conflict waits for a decision',
  discarded: 'it was discarded',
};

const notAcked = (
  write: Omit<QueuedWrite, 'type'>,
  reason: NotAckedReason,
  detail: string,
  options: ErrorOptions & { readonly discardReason?: OperationDiscard } = {},
): NotAckedError =>
  new NotAckedError(`${write.kind}/${write.entityId}: ${sentences[reason]} (${detail})`, write.opId, reason, {
    ...write,
    ...options,
  });
type OperationDiscard = NonNullable<NotAckedError['discardReason']>;

/** The final outcome that an event reports for one operation. Excludes failures that this run will retry. */
function verdictOf(event: SyncEvent): { readonly opId: string; readonly verdict: Verdict } | undefined {
  switch (event.type) {
    case 'op.pushed':
      return { opId: event.opId, verdict: 'acked' };
    case 'op.discarded':
      return { opId: event.opId, verdict: notAcked(event, 'discarded', event.reason, { discardReason: event.reason }) };
    case 'op.stuck':
      return { opId: event.opId, verdict: notAcked(event, 'stuck', event.error.message, { cause: event.error }) };
    case 'op.failed': {
      const { category, retryable } = event.errorInfo;
      const isDefinite = category === 'validation' || category === 'auth' || (category === 'unknown' && !retryable);
      return isDefinite
        ? { opId: event.opId, verdict: notAcked(event, 'rejected', event.error.message, { cause: event.error }) }
        : undefined;
    }
    default:
      return undefined;
  }
}

/** Derives the outcome from the database if there was no event, because another process may have sent the operation. */
function judge(
  write: QueuedWrite,
  fate: OperationFate | undefined,
  goneSince: Map<string, number>,
  now: number,
): Verdict | undefined {
  if (fate?.type === 'queued') {
    goneSince.delete(write.opId);
    return fate.parked === undefined ? undefined : notAcked(write, fate.parked, fate.lastError ?? 'no details');
  }
  if (fate?.type === 'discarded') return notAcked(write, 'discarded', fate.reason, { discardReason: fate.reason });
  const since = goneSince.get(write.opId) ?? now;
  goneSince.set(write.opId, since);
  return now - since >= graceMs ? 'acked' : undefined;
}

async function detailOf({ core }: AckParts, writes: readonly QueuedWrite[]): Promise<string> {
  const ids = new Set(writes.map(({ opId }) => opId));
  const waiting = await core.explain().catch(() => []);
  return waiting.find(({ opId }) => ids.has(opId))?.detail ?? '';
}
