import { OutboxState } from '../../database/outbox-columns.ts';
import type { Session } from '../../sql/session.ts';
import { startsFrom, move } from './move.ts';

const { parked, inFlight } = OutboxState;

/** Freezes the request that resolves a conflict on the newest of its operations, and takes their head. */
export async function takeResolution(
  session: Session,
  { head, newest }: { readonly head: number; readonly newest: number },
  request: {
    readonly requestId: string;
    readonly body: string | null;
    readonly base: string | undefined;
    readonly force: boolean;
    readonly now: number;
  },
): Promise<void> {
  await session.run(
    `UPDATE "sync_outbox" SET "request_id" = ?, "frozen_body" = ?, "frozen_base" = ?, "force" = ?, "first_sent_at" = ?, "attempt" = "attempt" + 1 WHERE "seq" = ?`,
    [request.requestId, request.body, request.base ?? null, request.force ? 1 : 0, request.now, newest],
  );
  await move(session, 'resolve', [head], `"state" = ${inFlight}, "parked" = NULL`);
}

/** Parks the head again, because the entity's conflict stays. */
export const parkAgain = (session: Session, kind: string, entityId: string): Promise<void> =>
  session.run(
    `UPDATE "sync_outbox" SET "state" = ${parked}, "parked" = 'conflict', "due_at" = NULL WHERE "kind" = ? AND "entity_id" = ? AND ${startsFrom('parkAgain')}`,
    [kind, entityId],
  );
