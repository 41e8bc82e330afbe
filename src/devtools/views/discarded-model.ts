import type { DiscardReason } from '../../model/events.ts';
import { isJsonObject, type JsonObject } from '../../model/values/json.ts';

/** What was given up, as a panel shows it. */
export interface DiscardedView {
  readonly opId: string;
  readonly kind: string;
  readonly entityId: string;
  readonly type: 'upsert' | 'delete';
  /** What it would have written; empty for a delete. */
  readonly data: JsonObject;
  readonly changedFields?: readonly string[] | undefined;
  /** Why, as a part of a sentence. */
  readonly why: string;
  /** Epoch ms. */
  readonly at: number;
}

const reasons: Readonly<Record<DiscardReason, string>> = {
  acceptServer: "the server's side of a conflict was taken",
  discard: 'a conflict was decided against it',
  dropped: 'somebody dropped it',
  foldedAway: 'a later write undid it before it was sent',
  serverDeleted: 'the server had deleted the row',
  skipped: 'the transport skipped it',
  purged: 'the outbox was purged',
  scopeCleared: 'the account was changed',
};

/** Reads what the engine answered; what lacks the parts that are shown is left out. */
export function discardedViews(answer: readonly JsonObject[]): readonly DiscardedView[] {
  return answer.flatMap(({ opId, kind, entityId, type, data, changedFields, reason, discardedAt }) =>
    typeof opId === 'string' &&
    typeof kind === 'string' &&
    typeof entityId === 'string' &&
    typeof discardedAt === 'number'
      ? [
          {
            opId,
            kind,
            entityId,
            type: type === 'delete' ? ('delete' as const) : ('upsert' as const),
            data: isJsonObject(data) ? data : {},
            ...(Array.isArray(changedFields)
              ? { changedFields: changedFields.filter((field) => typeof field === 'string') }
              : {}),
            why:
              typeof reason === 'string'
                ? (new Map<string, string>(Object.entries(reasons)).get(reason) ?? reason)
                : 'for no known reason',
            at: discardedAt,
          },
        ]
      : [],
  );
}

/** Says what it would have done. */
export const describeDiscarded = ({ type, changedFields }: DiscardedView): string => {
  if (type === 'delete') return 'delete';
  return changedFields === undefined || changedFields.length === 0
    ? 'write the whole row'
    : `edit ${changedFields.join(', ')}`;
};
