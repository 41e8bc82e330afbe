import { chunked, type Session, type SqlType } from '../../sql/session.ts';
import type { UpgradedOperation } from './upgrade.ts';

/** An operation after earlier ones have left or its server row has changed. */
export interface RebuiltOperation {
  readonly seq: number;
  /** JSON text; null for a delete. */
  readonly payload: string | null;
  readonly base: string | undefined;
  readonly creates: boolean;
}

const rebuiltTypes: readonly SqlType[] = ['integer', 'text', 'text', 'integer'];

export async function rebuildOperations(session: Session, operations: readonly RebuiltOperation[]): Promise<void> {
  for (const part of chunked(operations, 500)) {
    await session.run(
      `UPDATE "sync_outbox" SET "payload" = "r"."column2", "base_updated_at" = "r"."column3", "creates" = "r"."column4"
       FROM (${session.dialect.values(rebuiltTypes, part.length)}) AS "r" WHERE "sync_outbox"."seq" = "r"."column1"`,
      part.flatMap(({ seq, payload, base, creates }) => [seq, payload, base ?? null, creates ? 1 : 0]),
    );
  }
}

/** Replaces what an unsent operation writes, as JSON texts. */
export const amendOperation = (
  session: Session,
  { seq, payload, changedFields, deltas }: UpgradedOperation,
): Promise<void> =>
  session.run('UPDATE "sync_outbox" SET "payload" = ?, "changed_fields" = ?, "deltas" = ? WHERE "seq" = ?', [
    payload,
    changedFields,
    deltas,
    seq,
  ]);

/** Replaces the row that an unsent operation writes, as JSON text. */
export const replacePayload = (session: Session, seq: number, payload: string): Promise<void> =>
  session.run('UPDATE "sync_outbox" SET "payload" = ? WHERE "seq" = ?', [payload, seq]);
