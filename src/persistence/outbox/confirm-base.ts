import type { JsonObject } from '../../model/values/json.ts';
import type { TakenRequest } from '../../model/ports.ts';
import type { Session } from '../sql/session.ts';
import { confirmFrozenBase } from './transitions/take.ts';

/**
 * Gives a frozen request the base that was found by looking at the server's row, and the entity the row that it was
 * found in. Committed before the first byte leaves: whatever is learned of the row meanwhile, the request sent again is
 * the same one under the same key (I2).
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
