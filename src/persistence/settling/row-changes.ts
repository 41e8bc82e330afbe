import type { WireValuesNote } from '../columns/wire-values.ts';
import { releaseFromQuarantine, type BadRow } from '../replica/quarantine.ts';
import { noteRemoved, type RemovedRow } from '../replica/removed-rows.ts';
import { storeRows, type RowToStore } from '../replica/store-rows.ts';
import type { Session } from '../sql/session.ts';
import type { ReplicaTable } from '../tables/replica-table.ts';

/** The changes of one transaction to the rows of one table, as the user sees them. */
export class RowChanges {
  readonly #wireValues: WireValuesNote;
  readonly #toWrite: RowToStore[] = [];
  readonly #toWriteHidden: RowToStore[] = [];
  readonly #toRemove: string[] = [];
  readonly #removed: RemovedRow[] = [];
  readonly #toHide: string[] = [];

  constructor(wireValues: WireValuesNote) {
    this.#wireValues = wireValues;
  }

  put(row: RowToStore, { hidden }: { readonly hidden: boolean }): void {
    (hidden ? this.#toWriteHidden : this.#toWrite).push(row);
  }

  /** Keeps the row hidden. */
  hide(entityId: string): void {
    this.#toHide.push(entityId);
  }

  /** `version`: the newest known version of the row. */
  remove(entityId: string, version: string | undefined): void {
    this.#toRemove.push(entityId);
    if (version !== undefined) this.#removed.push({ id: entityId, version });
  }

  noteWireValues(): void {
    this.#wireValues.exist = true;
  }

  /** Writes the changes. Returns the rows that cannot be stored. */
  async write(
    session: Session,
    table: ReplicaTable,
    { now, hiddenAt }: { readonly now: number; readonly hiddenAt: string },
  ): Promise<readonly BadRow[]> {
    await noteRemoved(session, table.kind, this.#removed, now);
    await table.rows.removeOrHide(session, this.#toRemove, hiddenAt);
    const how = { despiteTable: true, wireValues: this.#wireValues };
    const bad = [
      ...(await storeRows(session, table, this.#toWrite, how)),
      ...(await storeRows(session, table, this.#toWriteHidden, { ...how, keepDeletedLocally: true })),
    ];
    // A delete may be queued for a row that did not exist here yet. The row must not appear with the pull that brings
    // it (I4).
    await table.rows.hideShown(
      session,
      this.#toWriteHidden.map(({ id }) => id),
      hiddenAt,
    );
    await table.rows.markDeletedLocally(session, this.#toHide, hiddenAt);
    const badIds = new Set(bad.map(({ id }) => id));
    await releaseFromQuarantine(
      session,
      table.kind,
      // A deleted row must not return from the quarantine either.
      [...[...this.#toWrite, ...this.#toWriteHidden].map(({ id }) => id), ...this.#toRemove, ...this.#toHide].filter(
        (id) => !badIds.has(id),
      ),
    );
    return bad;
  }
}
