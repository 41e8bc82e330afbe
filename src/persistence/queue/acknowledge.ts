import type { StoreContext } from '../database/store-context.ts';
import { leaveById, promoteHeads } from '../outbox/transitions/lead-line.ts';
import { chunked, listOf, type Session } from '../sql/session.ts';
import { releaseDependents } from '../taking/dependencies.ts';

/** Removes operations that the server has according to the app, with their data. Ignores unknown ids. */
export async function acknowledge(session: Session, context: StoreContext, opIds: readonly string[]): Promise<void> {
  for (const part of chunked(opIds, 10_000)) {
    const gone = await leaveById(session, part);
    // The server has a row whose version is unknown. It counts as sent, and is read before its next operation.
    for (const { kind, entityId, payload } of gone) {
      if (payload === null) continue;
      await session.run(
        `UPDATE "sync_base" SET "version_unknown" = 1, "last_sent" = ? WHERE "kind" = ? AND "entity_id" = ? AND "base_version" IS NULL AND "server_version" IS NULL`,
        [payload, kind, entityId],
      );
    }
    for (const kind of new Set(gone.map((row) => row.kind))) {
      const entityIds = [...new Set(gone.filter((row) => row.kind === kind).map((row) => row.entityId))];
      const entities = listOf(entityIds);
      const { inList } = session.dialect;
      await session.run(`DELETE FROM "sync_conflicts" WHERE "kind" = ? AND ${inList('"op_id"')}`, [kind, listOf(part)]);
      await releaseDependents(session, context, kind, entityIds);
      await promoteHeads(session, kind, entityIds, context.config.maxOutboxTryCount);
      await session.run(
        `DELETE FROM "sync_base" WHERE "kind" = ? AND ${inList('"entity_id"')} AND ("version_unknown" = 0 OR "last_sent" IS NULL)
         AND NOT EXISTS (SELECT 1 FROM "sync_outbox" o WHERE o."kind" = "sync_base"."kind" AND o."entity_id" = "sync_base"."entity_id")`,
        [kind, entities],
      );
    }
  }
}
