import { OutboxState } from '../../database/outbox-columns.ts';
import type { Session } from '../../sql/session.ts';
import { damagedCode, type upgradeFailedCode } from '../error-codes.ts';
import { move } from './move.ts';
import { hasConflict } from './has-conflict.ts';

const { parked } = OutboxState;

/** The head waits for a person, with the reason. */
export const parkUnreadable = (
  session: Session,
  seq: number,
  code: typeof damagedCode | typeof upgradeFailedCode,
  reason: string,
): Promise<void> =>
  move(
    session,
    'parkUnreadable',
    [seq],
    `"state" = ${parked}, "parked" = 'stuck', "due_at" = NULL, "error_code" = '${code}', "last_error" = ?`,
    [reason],
  );

/**
 * Operations parked for an unknown reason, as ranges of the index, so that the query skips those with a known reason.
 */
const unknownReasons = [
  `"parked" IS NULL`,
  `"parked" < 'ambiguous'`,
  `"parked" > 'ambiguous' AND "parked" < 'conflict'`,
  `"parked" > 'conflict' AND "parked" < 'stuck'`,
  `"parked" > 'stuck'`,
]
  .map((range) => `SELECT "seq" FROM "sync_outbox" WHERE "state" = ${parked} AND ${range}`)
  .join(' UNION ALL ');

/**
 * Assigns a reason that commands find to operations with an unknown parking reason: `conflict` if a conflict is stored,
 * otherwise `stuck`.
 */
export async function repairParkedReasons(session: Session): Promise<void> {
  const isUnknown = `"seq" IN (${unknownReasons})`;
  await session.run(`UPDATE "sync_outbox" SET "parked" = 'conflict' WHERE ${isUnknown} AND ${hasConflict}`);
  await session.run(
    `UPDATE "sync_outbox" SET "parked" = 'stuck', "error_code" = '${damagedCode}',
       "last_error" = 'row seq ' || "seq" || ' of sync_outbox is damaged: "parked" is no known reason; retry or drop the operation' WHERE ${isUnknown}`,
  );
}
