import type { JsonObject } from '../../model/values/json.ts';
import type { TakenRequest } from '../../model/ports.ts';
import type { Session } from '../sql/session.ts';
import { confirmFrozenBase } from './transitions/take.ts';

/**
 * Stores the base that was found by reading the server's row in the frozen request, and the row in the entity.
 * Committed before the first byte is sent. A resend is then the same request under the same key, whatever becomes known
 * of the row (I2).
 */
export async function confirmBase(
  session: Session,
  { kind, entityId, op }: TakenRequest,
  found: { readonly row: JsonObject; readonly version: string },
): Promise<void> {
  await confirmFrozenBase(session, { kind, entityId, requestId: op.requestId ?? op.opId }, found.version);
  await session.run(
    `UPDATE "sync_base" SET "base_row" = ?, "base_version" = ?, "server_row" = NULL, "server_version" = NULL, "version_unknown" = 0, "last_sent" = NULL
     WHERE "kind" = ? AND "entity_id" = ? AND "version_unknown" = 1`,
    [JSON.stringify(found.row), found.version, kind, entityId],
  );
}
