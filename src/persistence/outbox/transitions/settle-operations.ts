import { grouped } from '../../../rules/values/grouped.ts';
import type { OutboxState, ParkedFor } from '../../database/outbox-columns.ts';
import { chunked, type Session, type SqlType } from '../../sql/session.ts';
import { startsFrom, refuse } from './move.ts';

/** The change of one remaining operation after an answer or a decision. */
export interface SettledOperation {
  readonly seq: number;
  /** The transition of its state; defaults to `settle`. */
  readonly by?: 'settle' | 'keepParked';
  /** Undefined: unchanged. */
  readonly state?: OutboxState | undefined;
  readonly parked?: ParkedFor | undefined;
  readonly dueAt?: number | undefined;
  readonly countTry?: boolean;
  readonly error?: string | undefined;
  readonly code?: string | undefined;
  /** Closes the request, because it had a definite answer or was never sent. */
  readonly close?: boolean;
  /** The key was never sent and may be reused. */
  readonly reuseKey?: boolean;
}

const settledTypes: readonly SqlType[] = [
  'integer',
  'integer',
  'text',
  'bigint',
  'integer',
  'text',
  'text',
  'integer',
  'integer',
];

export async function settleOperations(
  session: Session,
  operations: readonly SettledOperation[],
  now: number,
): Promise<void> {
  for (const [name, group] of grouped(operations, ({ by }) => by ?? 'settle'))
    for (const part of chunked(group, 500)) await settlePart(session, name, part, now);
}

async function settlePart(
  session: Session,
  name: 'settle' | 'keepParked',
  part: readonly SettledOperation[],
  now: number,
): Promise<void> {
  const changed = await session.changed(
    `UPDATE "sync_outbox" SET "state" = COALESCE("t"."column2", "state"), "parked" = "t"."column3", "due_at" = "t"."column4", "try_count" = "try_count" + "t"."column5",
         "last_error" = "t"."column6", "error_code" = "t"."column7", "last_tried_at" = ?,
         "request_id" = CASE WHEN "t"."column8" = 1 THEN NULL ELSE "request_id" END, "frozen_body" = CASE WHEN "t"."column8" = 1 THEN NULL ELSE "frozen_body" END,
         "frozen_version" = CASE WHEN "t"."column8" = 1 THEN NULL ELSE "frozen_version" END,
         "frozen_base" = CASE WHEN "t"."column8" = 1 THEN NULL ELSE "frozen_base" END, "first_sent_at" = CASE WHEN "t"."column8" = 1 THEN NULL ELSE "first_sent_at" END,
         "force" = CASE WHEN "t"."column8" = 1 THEN 0 ELSE "force" END, "attempt" = "attempt" - "t"."column9"
       FROM (${session.dialect.values(settledTypes, part.length)}) AS "t"
       WHERE "sync_outbox"."seq" = "t"."column1" AND ("t"."column2" IS NULL OR ${startsFrom(name)})`,
    [
      now,
      ...part.flatMap(({ seq, state, parked: reason, dueAt, countTry, error, code, close, reuseKey }) => [
        seq,
        state ?? null,
        reason ?? null,
        dueAt ?? null,
        countTry ? 1 : 0,
        error ?? null,
        code ?? null,
        close ? 1 : 0,
        reuseKey ? 1 : 0,
      ]),
    ],
  );
  const seqs = part.map(({ seq }) => seq);
  if (changed !== seqs.length) await refuse(session, name, seqs);
}
