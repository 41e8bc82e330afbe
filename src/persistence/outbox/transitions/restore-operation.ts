import { OutboxState, type ParkedFor } from '../../database/outbox-columns.ts';
import type { Session } from '../../sql/session.ts';

const { parked } = OutboxState;

/** The history of an operation in a saved file. Absent parts stay unchanged. */
export interface RestoredOperation {
  readonly tryCount?: number | undefined;
  readonly attempt?: number | undefined;
  readonly request?:
    | {
        readonly requestId: string;
        readonly body: string;
        readonly base: string | undefined;
        readonly firstSentAt: number;
      }
    | undefined;
  readonly parked?:
    | { readonly reason: ParkedFor; readonly error: string | undefined; readonly code: string | undefined }
    | undefined;
}

/** Restores the history of a queued operation from a saved file. */
export async function restoreOperation(
  session: Session,
  opId: string,
  { tryCount, attempt, request, parked: stop }: RestoredOperation,
): Promise<void> {
  const sets: readonly (readonly [string, readonly unknown[]])[] = [
    ...(tryCount === undefined ? [] : ([['"try_count" = ?', [tryCount]]] as const)),
    ...(attempt === undefined ? [] : ([['"attempt" = ?', [attempt]]] as const)),
    ...(request === undefined
      ? []
      : ([
          [
            '"request_id" = ?, "frozen_body" = ?, "frozen_base" = ?, "first_sent_at" = ?',
            [request.requestId, request.body, request.base ?? null, request.firstSentAt],
          ],
        ] as const)),
    ...(stop === undefined
      ? []
      : ([
          [
            `"state" = ${parked}, "parked" = ?, "last_error" = ?, "error_code" = ?`,
            [stop.reason, stop.error ?? null, stop.code ?? null],
          ],
        ] as const)),
  ];
  if (sets.length === 0) return;
  await session.run(`UPDATE "sync_outbox" SET ${sets.map(([sql]) => sql).join(', ')} WHERE "op_id" = ?`, [
    ...sets.flatMap(([, values]) => values),
    opId,
  ]);
}
