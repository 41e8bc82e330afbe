import type { Mutant } from './mutant.ts';

const store = ['persistence/settling/settle.test.ts', 'persistence/taking/take-ready.test.ts'];

/** Faults in what is stored and read. */
export const persistenceMutants: readonly Mutant[] = [
  {
    fault: 'I2: a request is resent under a new key',
    file: 'persistence/taking/freeze-requests.ts',
    edits: [
      ['const requestId = newest.requestId ?? nextRequestId(newest);', 'const requestId = nextRequestId(newest);'],
    ],
    tests: store,
  },
  {
    fault: 'I2: a different body is sent under the same key',
    file: 'persistence/outbox/transitions/take.ts',
    edits: [
      ['op.attempt === 0 ? op.opId : `${op.opId}#${op.attempt + 1}`', 'op.opId'],
      [`CASE WHEN "attempt" = 0 THEN "op_id" ELSE "op_id" || '#' || CAST("attempt" + 1 AS text) END`, '"op_id"'],
    ],
    tests: store,
  },
  {
    fault: 'I2: an edit folds into a request in flight',
    file: 'persistence/taking/group-operations.ts',
    edits: [['return frozen.length > 0 ? frozen : queue.slice(0, foldable);', 'return queue.slice(0, foldable);']],
    tests: store,
  },
  {
    fault: 'I2: a timeout closes the request, so that it is resent under a new key',
    file: 'rules/answers/outcome-effects.ts',
    edits: [["retryLater: { request: 'open'", "retryLater: { request: 'closed'"]],
    tests: ['engine/cut-requests.test.ts'],
  },
  {
    fault: 'I4: a recreated row is hidden by the unsent deletion before it',
    file: 'persistence/taking/leave-unsent.ts',
    edits: [
      [
        'groups.flatMap(({ entityId }) => (kept.has(entityId) ? [] : [entityId]))',
        'groups.map(({ entityId }) => entityId)',
      ],
    ],
    tests: ['persistence/taking/hand-overs.test.ts'],
  },
  {
    fault: 'F-134: a creation is resent although a pull has shown its row',
    file: 'persistence/taking/verify-requests.ts',
    edits: [
      ['serverRow !== undefined && !table.isDeleted(serverRow) ? [entityId]', 'serverRow === undefined ? [entityId]'],
    ],
    tests: ['scenario/lost-and-found.test.ts'],
  },
  {
    fault: 'F-159: an edit folds into the creation before it although it refers to a row created in between',
    file: 'persistence/taking/fold-limits.ts',
    edits: [['isBetween(seq) && isOther(kind, id))', 'isBetween(seq) && kind === "")']],
    tests: ['persistence/taking/hand-overs.test.ts'],
  },
  {
    fault: 'F-160: a fold overtakes the operation that frees its UNIQUE value',
    file: 'persistence/taking/fold-limits.ts',
    edits: [['isBetween(release.seq) && isOther', 'release.seq < 0 && isOther']],
    tests: ['persistence/taking/hand-overs.test.ts'],
  },
  {
    fault: 'F-160: operations do not wait until a UNIQUE value is free',
    file: 'persistence/taking/release-waits.ts',
    edits: [['if (release !== undefined) waits.set', 'if (release?.kind === "") waits.set']],
    tests: ['persistence/taking/hand-overs.test.ts', 'property/queue-order.test.ts'],
  },
  {
    fault: 'F-160: references that an edit releases are not recorded, so that a delete overtakes the edit',
    file: 'persistence/outbox/released-values.ts',
    edits: [['before), ...dropped]', 'before), ...dropped.slice(0, 0)]']],
    tests: ['property/queue-order.test.ts'],
  },
  {
    fault: 'I12: operations that wait for each other wait forever',
    file: 'persistence/taking/waiting-rings.ts',
    edits: [['if (from === -1) continue;', 'if (from >= -1) continue;']],
    tests: ['persistence/taking/hand-overs.test.ts'],
  },
  {
    fault: 'F-160: a row is announced as quarantined before its pull ends',
    file: 'persistence/replica/quarantine.ts',
    edits: [
      [
        "(announcement === 'atEndOfPull' && isClash(error))",
        "(announcement === 'atEndOfPull' && isClash(error) && id === '')",
      ],
    ],
    tests: ['persistence/pulling/apply-pages.test.ts'],
  },
  {
    fault: 'I4: a pull ignores pending operations',
    file: 'persistence/pulling/apply-pages.ts',
    edits: [
      [
        'work.hasBases ? await applyPending(work, rows) : nothingPending',
        'work.hasBases && rows.size < 0 ? await applyPending(work, rows) : nothingPending',
      ],
    ],
    tests: ['persistence/settling/settle.test.ts'],
  },
  {
    fault: 'I6: the cursor is stored before its page',
    file: 'persistence/pulling/apply-pages.ts',
    edits: [
      ['function applyInOneTransaction(', 'async function applyInOneTransaction('],
      [
        '  return context.unit.fenced(async (session) => {\n    const table = tableOf(context, kind);',
        "  await context.unit.fenced(async (session) => {\n    const early = await openWork(session, context, tableOf(context, kind), { strict: options.strict, announcement: 'now', hold: 'known' });\n    await movePosition(early, pages);\n  });\n  return context.unit.fenced(async (session) => {\n    const table = tableOf(context, kind);",
      ],
    ],
    tests: ['persistence/pulling/apply-pages.test.ts'],
  },
  {
    fault: 'I6: the cursor passes pages that were deferred',
    file: 'persistence/pulling/apply-pages.ts',
    edits: [['await movePosition(work, pages.slice(0, done.length));', 'await movePosition(work, pages);']],
    tests: ['persistence/pulling/apply-pages.test.ts'],
  },
  {
    fault: "F-161: a full resync leaves the cursor in the future after the server's clock was set back",
    file: 'persistence/replica/resync.ts',
    edits: [
      ['const seen = row?.resyncTs != null;', "const seen = row?.resyncTs != null && row.resyncTs > (row.ts ?? '');"],
    ],
    tests: ['persistence/replica/resync.test.ts'],
  },
  {
    fault: 'I11: a process that lost the lease continues to write',
    file: 'persistence/database/unit-of-work.ts',
    edits: [['if (held === undefined) {', "if (held === undefined && holder.name === '') {"]],
    tests: ['persistence/runs/lease.test.ts'],
  },
  {
    fault: 'I11: the lease is taken although somebody holds it',
    file: 'persistence/runs/lease.ts',
    edits: [['        if (isHeld && !isGone) return { held: false as const };\n', '']],
    tests: ['persistence/runs/lease.test.ts'],
  },
  {
    fault: 'the gate lets two transactions onto one connection',
    file: 'persistence/gate/gate-lock.ts',
    edits: [
      [
        'if (this.#holder !== undefined) return false;',
        'if (this.#holder !== undefined && this.clock.now() < 0) return false;',
      ],
    ],
    tests: ['persistence/gate/connection-gate.test.ts'],
  },
  {
    fault: 'F-09: a server that fails for everybody counts as a try',
    file: 'rules/answers/outcome-effects.ts',
    edits: [
      ["unavailable: { request: 'open', countsTry: 'never'", "unavailable: { request: 'open', countsTry: 'always'"],
    ],
    tests: ['parity/stuck.test.ts', 'engine/cut-requests.test.ts'],
  },
  {
    fault: 'F-17: a row that cannot be stored is dropped',
    file: 'persistence/replica/quarantine.ts',
    edits: [['for (const bad of rows) {', 'for (const bad of rows.slice(0, 0)) {']],
    tests: ['persistence/settling/settle.test.ts'],
  },
  {
    fault: 'F-42: a full resync clears the table first',
    file: 'persistence/replica/resync.ts',
    edits: [
      [
        '    await forgetAllRemoved(session, kind);\n',
        '    await forgetAllRemoved(session, kind);\n    await session.run(`DELETE FROM "${kind}"`);\n',
      ],
    ],
    tests: ['persistence/replica/resync.test.ts'],
  },
  {
    fault: 'F-137: a scheduled full resync that receives nothing empties the table',
    file: 'persistence/pulling/sweep-resync.ts',
    edits: [
      [
        'row.marking > 0 && row.received === 0 && !options.requested',
        'row.marking > 0 && row.received < 0 && !options.requested',
      ],
    ],
    tests: ['persistence/replica/resync.test.ts'],
  },
  {
    fault: 'F-38: the sweep removes listed rows',
    file: 'persistence/pulling/apply-pages.ts',
    edits: [['if (work.marking) await markSeen(session, table.kind, seen);', '']],
    tests: ['persistence/replica/resync.test.ts'],
  },
  {
    fault: 'F-135: a stored answer overwrites the newer row from a pull',
    file: 'persistence/settling/settle-applied.ts',
    edits: [['isOutdated(version, base) && !isMadeOnNewest(madeOn(request), base)', '(false as boolean)']],
    tests: ['persistence/settling/settle.test.ts'],
  },
  {
    fault: 'I7: a sql.js file is written in place, so that a crash leaves half of it',
    file: 'persistence/drivers/save-file.ts',
    edits: [
      ['const besides = `${path}.saving`;', 'const besides = path;'],
      ['await rename(besides, path);', 'if (besides !== path) await rename(besides, path);'],
    ],
    tests: ['persistence/drivers/save-file.test.ts'],
  },
  {
    fault: 'I7: a sql.js commit does not wait for its file',
    file: 'persistence/drivers/sqljs-driver.ts',
    edits: [
      [
        'autoSaveCallback: (bytes: Uint8Array) => saveFile(database, bytes)',
        'autoSaveCallback: async (bytes: Uint8Array) => void saveFile(database, bytes)',
      ],
    ],
    tests: ['persistence/drivers/save-file.test.ts'],
  },
  {
    fault: 'I1: clearing the database silently gives up unsent operations',
    file: 'persistence/queue/clear-scope.ts',
    edits: [['const facts = ops.map(', 'const facts = ops.slice(0, 0).map(']],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'I11: a run continues to write into a database that was cleared for another user',
    file: 'persistence/queue/clear-scope.ts',
    edits: [['  await revokeLease(session);\n', '']],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'I2: an upgrade changes the body of a request in flight',
    file: 'persistence/outbox/transitions/upgrade.ts',
    edits: [['THEN COALESCE("frozen_body", "payload") ELSE', 'THEN "frozen_body" ELSE']],
    tests: ['persistence/upgrades/schema-versions.test.ts', 'scenario/schema-versions.test.ts'],
  },
  {
    fault: 'I13: an operation that cannot be upgraded is sent unchanged',
    file: 'persistence/upgrades/upgrade-operations.ts',
    edits: [['return new Set(unfit.flatMap(', 'return new Set(unfit.slice(0, 0).flatMap(']],
    tests: ['persistence/upgrades/schema-versions.test.ts', 'scenario/schema-versions.test.ts'],
  },
  {
    fault: 'a new table version is adopted while its rows keep the old shape',
    file: 'persistence/upgrades/upgrade-schemas.ts',
    edits: [['const mustResync = stored !== undefined && wasPulled', 'const mustResync = stored === 0 && wasPulled']],
    tests: ['scenario/schema-versions.test.ts'],
  },
  {
    fault: 'I4: an engine write is captured as a user edit',
    file: 'persistence/capture/without-capture.ts',
    edits: [
      [
        '=> context.current() !== undefined;',
        '=> context.current()?.uncaptured === undefined && context.current() !== undefined;',
      ],
    ],
    tests: ['persistence/capture/repository-writes.test.ts'],
  },
  {
    fault: 'F-140: a save restores values that others have changed since the entity was loaded',
    file: 'persistence/capture/entities/rebase-entity.ts',
    edits: [
      ['if (isUntouched || codec.name === table.updatedAt)', 'if (isUntouched && codec.name === table.updatedAt)'],
    ],
    tests: ['persistence/capture/repository-writes.test.ts', 'persistence/capture/with-engine.test.ts'],
  },
  {
    fault: 'F-141: cascaded deletions are not queued',
    file: 'persistence/capture/statements/queue-changes.ts',
    edits: [
      [
        'if (noted.hasDeletedParents && (await followForeignKeys(session, tables, stamp.at)))',
        'if (stamp.at === undefined)',
      ],
    ],
    tests: ['persistence/capture/relations.test.ts'],
  },
  {
    fault: 'I8: triggers of a commit with a late notice count as gone, and hide rows that the engine deletes',
    file: 'persistence/capture/capture-triggers.ts',
    edits: [['if (making.isCommitted) this.committed(making);\n    else this.tookBack();', 'this.tookBack();']],
    tests: ['persistence/capture/engine-between-writes.test.ts'],
  },
  {
    fault: 'I7: a rolled-back savepoint leaves its record',
    file: 'persistence/capture/statements/journal.ts',
    edits: [['const gone = this.#entries.splice(length);', 'const gone = this.#entries.slice(length);']],
    tests: ['persistence/capture/repository-writes.test.ts'],
  },
  {
    fault: 'F-11: a live query misses commits made while it read',
    file: 'model/platform/again-if-asked.ts',
    edits: [
      [
        '      while (isAsked && !isOver()) {\n        isAsked = false;\n        await work();\n      }',
        '      isAsked = false;\n      await work();',
      ],
    ],
    tests: ['persistence/follow/live-query.test.ts'],
  },
  {
    fault: 'a live query sees half of a commit',
    file: 'persistence/follow/live-read.ts',
    edits: [
      [
        'first !== last &&\n        feed.lastCommitOf(tables) > first',
        'first > last &&\n        feed.lastCommitOf(tables) > first',
      ],
    ],
    tests: ['persistence/follow/live-query.test.ts'],
  },
  {
    fault: 'F-11: a commit of several tables reports only the last one',
    file: 'persistence/follow/change-feed.ts',
    edits: [['for (const table of more) all.add(table);\n  return all;', 'return new Set(more);']],
    tests: ['persistence/follow/change-feed.test.ts', 'persistence/follow/live-query.test.ts'],
  },
  {
    fault: 'I11: a clock that is set back takes the lease from a renewing holder',
    file: 'persistence/runs/clock-doubt.ts',
    edits: [
      ['since === undefined ? isTooFar || hasLeapt || isNews :', 'since === undefined ? hasLeapt || isNews :'],
      ['since === undefined ? expiresAt > now :', 'since === undefined ? expiresAt > now && !isTooFar :'],
    ],
    tests: ['persistence/runs/lease.test.ts'],
  },
  {
    fault: 'I11: a clock that is set forward takes the lease from a renewing holder',
    file: 'persistence/runs/clock-doubt.ts',
    edits: [['isTooFar || hasLeapt || isNews :', 'isTooFar :']],
    tests: ['persistence/runs/lease.test.ts'],
  },
  {
    fault: 'I11: renewing the lease does not count once the clock was doubted',
    file: 'persistence/runs/clock-doubt.ts',
    edits: [['seen?.token === token && seen.expiresAt === expiresAt ? seen', 'seen?.token === token ? seen']],
    tests: ['persistence/runs/lease.test.ts'],
  },
  {
    fault: 'F-67: a clock set back twice blocks everybody until that time has passed',
    file: 'persistence/runs/clock-doubt.ts',
    edits: [
      [
        'isTooFar || hasLeapt || isNews : now < since) since = now',
        'isTooFar || hasLeapt || isNews : false) since = now',
      ],
    ],
    tests: ['persistence/runs/lease.test.ts'],
  },
  {
    fault: 'I12: rows that no server had are not sent along with rows that refer to them',
    file: 'persistence/taking/dependencies.ts',
    edits: [['groups.flatMap(({ frozen, folded })', 'groups.slice(0, 0).flatMap(({ frozen, folded })']],
    tests: ['scenario/never-sent-parents.test.ts'],
  },
  {
    fault: 'I3: a row is sent before the never-sent row that it refers to',
    file: 'persistence/taking/never-sent.ts',
    edits: [['base.lastSent === undefined &&', 'base.lastSent !== undefined &&']],
    tests: ['scenario/never-sent-parents.test.ts'],
  },
  {
    fault: "F-134: a row sent along counts as changed by the user and overwrites the server's",
    file: 'persistence/taking/never-sent.ts',
    edits: [[' changedFields: [],', '']],
    tests: ['scenario/never-sent-parents.test.ts'],
  },
  {
    fault: 'F-134: a row from the server is sent along as if no server had it',
    file: 'persistence/tables/row-conditions.ts',
    edits: [["sql: `${row}.${names.updatedAt} = '' AND ${shown}", 'sql: `${shown}']],
    tests: ['scenario/never-sent-parents.test.ts'],
  },
  {
    fault: 'I1: a full resync removes rows that no server ever had',
    file: 'persistence/replica/unlisted-rows.ts',
    edits: [["AND (${table.columns.names.updatedAt} <> '' OR", 'AND (${table.columns.names.updatedAt} IS NOT NULL OR']],
    tests: ['scenario/rows-from-before.test.ts'],
  },
  {
    fault: 'F-38: an accepted row without a version outlives its deletion',
    file: 'persistence/replica/unlisted-rows.ts',
    edits: [["OR ${table.conditions.isIn('sync_base')})", "OR (${table.conditions.isIn('sync_base')} AND 1 = 0))"]],
    tests: ['scenario/answer-without-version.test.ts', 'persistence/replica/resync.test.ts'],
  },
  {
    fault: 'F-134: operations that the app acknowledged by hand count as never sent',
    file: 'persistence/queue/acknowledge.ts',
    edits: [['if (payload === null) continue;', "if (payload !== '') continue;"]],
    tests: ['scenario/rows-from-before.test.ts', 'persistence/queue/outbox-repository.test.ts'],
  },
  {
    fault: 'F-17: a pulled row that could never be sent back is stored',
    file: 'persistence/tables/harmful-row.ts',
    edits: [['return polluted === undefined\n', "return polluted === undefined || polluted !== ''\n"]],
    tests: ['persistence/pulling/apply-pages.test.ts'],
  },
  {
    fault: 'a read is answered by an equal one that began earlier, with older data',
    file: 'persistence/gate/sqlite-gate.ts',
    edits: [['      begun?.();\n', '']],
    tests: ['persistence/gate/reads-together.test.ts'],
  },
  {
    fault: 'equal reads that are answered together share their rows',
    file: 'persistence/gate/same-reads.ts',
    edits: [['resolve({ ...answer, value: copyAnswer(answer.value) })', 'resolve(answer)']],
    tests: ['persistence/gate/reads-together.test.ts'],
  },
  {
    fault: 'reads whose values differ only in type count as equal',
    file: 'persistence/gate/same-reads.ts',
    edits: [['key += `\\u0000${typeof value}\\u0000${String(value)}`;', 'key += `\\u0000${String(value)}`;']],
    tests: ['persistence/gate/reads-together.test.ts'],
  },
  {
    fault: 'F-140: a column that is not selected by default restores values that others have changed',
    file: 'persistence/capture/entities/rebase-entity.ts',
    edits: [
      ['if (isUntouched && !codec.column.isSelect) setAside(', 'if (isUntouched && codec.column.isSelect) setAside('],
    ],
    tests: ['persistence/capture/unselected-columns.test.ts'],
  },
  {
    fault: 'F-140: a form opened before its row was first sent is sent without a base',
    file: 'persistence/outbox/local-change.ts',
    edits: [
      [
        'if (isAsSeen) return { version, preImage: { row: before, version } };',
        'if (isAsSeen) return { version: undefined, preImage: { row: before, version } };',
      ],
    ],
    tests: ['engine/early-forms.test.ts'],
  },
  {
    fault: 'F-140: an edit of a field that somebody changed since the form was opened causes no conflict',
    file: 'persistence/outbox/local-change.ts',
    edits: [['changed.every((key) => deepEqual(before[key] ?? null, seen[key] ?? null))', 'true']],
    tests: ['engine/early-forms.test.ts'],
  },
  {
    fault: "F-135: a delete's late answer hides a row that somebody restored since",
    file: 'persistence/settling/settle-applied.ts',
    edits: [
      ['firstSentAt !== undefined && op.force !== true && isOutdated', 'false && op.force !== true && isOutdated'],
    ],
    tests: ['scenario/late-answers.test.ts'],
  },
  {
    fault: "F-135: a change's late answer without a version overlays a row that was pulled since",
    file: 'persistence/settling/settle-applied.ts',
    edits: [
      ['version === undefined\n      ? isWrittenOver(table, request, base)', 'version === undefined\n      ? false'],
    ],
    tests: ['scenario/late-answers.test.ts'],
  },
  {
    fault: 'I8: a pause that is revoked at once never ends',
    file: 'engine/waits/pause-waits.ts',
    edits: [['return wasBound;', 'return false;']],
    tests: ['engine/facade.test.ts'],
  },
  {
    fault: 'I11: a clock that is set forward takes the lease from a holder that another process never observed',
    file: 'persistence/runs/clock-doubt.ts',
    edits: [['isTooFar || hasLeapt || isNews :', 'isTooFar || hasLeapt :']],
    tests: ['persistence/runs/lease.test.ts'],
  },
  {
    fault: 'I11: a lease renewed since the last look is taken after a small clock jump',
    file: 'persistence/runs/clock-doubt.ts',
    edits: [['expiresAt - now < ttlMs / 2', 'now - expiresAt > ttlMs']],
    tests: ['persistence/runs/clock-doubt.test.ts'],
  },
  {
    fault: 'I11: a lease is taken after a clock jump shorter than the lease',
    file: 'persistence/runs/clock-doubt.ts',
    edits: [['now - before.lookedAt > ttlMs / 2', 'now - before.lookedAt > ttlMs']],
    tests: ['persistence/runs/clock-doubt.test.ts'],
  },
  {
    fault: "I8: a tab that gets a dead tab's lock still waits for its lease to expire",
    file: 'persistence/runs/locked-lease.ts',
    edits: [['await lease.acquire(true)', 'await lease.acquire(false)']],
    tests: ['persistence/runs/locked-lease.test.ts'],
  },
  {
    fault: 'I11: a tab syncs although another one has the lock',
    file: 'persistence/runs/locked-lease.ts',
    edits: [['if (!(await lock.tryAcquire()))', 'if (!(await lock.tryAcquire()) && lease.expiresAt() < 0)']],
    tests: ['persistence/runs/locked-lease.test.ts'],
  },
  {
    fault: 'I11: a tab whose lock is wanted keeps it until the end of its run',
    file: 'engine/actors/hand-over.ts',
    edits: [['if ((await store.lease.isWanted?.()) !== true) return;', 'if (store.lease !== undefined) return;']],
    tests: ['persistence/runs/locked-lease.test.ts'],
  },
  {
    fault: 'F-11: the end of a run is not counted while counting of a long queue rests',
    file: 'engine/status/status-keeper.ts',
    edits: [['isUrgent = counting !== undefined;', 'isUrgent = false;']],
    tests: ['engine/status-keeper.test.ts'],
  },
  {
    fault: 'F-152: a deletion that folds into an edit counts as a row that the server can merge into',
    file: 'persistence/taking/group-operations.ts',
    edits: [["ops.some((op) => op.type === 'delete') || bringsBack(folded)", 'bringsBack(folded)']],
    tests: ['conflicts/whole-rows.test.ts'],
  },
  {
    fault: 'F-153: a sweep removes hidden rows that no server ever had',
    file: 'persistence/replica/unlisted-rows.ts',
    edits: [
      [
        "(${table.columns.names.updatedAt} <> '' OR ${table.conditions.isIn('sync_base')})",
        "(${table.columns.names.updatedAt} <> '' OR ${table.columns.deletedAtLocal} IS NOT NULL OR ${table.conditions.isIn('sync_base')})",
      ],
    ],
    tests: ['scenario/adoption.test.ts'],
  },
  {
    fault: 'F-154: an upsert onto a deleted row is written unnoticed',
    file: 'persistence/capture/statements/revive-on-conflict.ts',
    edits: [['text: ` ${shown(table)},` }', "text: '' }"]],
    tests: ['persistence/capture/hidden-rows.test.ts'],
  },
  {
    fault: 'F-154: an update changes a deleted row unnoticed',
    file: 'persistence/capture/entities/captured-table.ts',
    edits: [['SELECT RAISE(IGNORE) WHERE NOT', 'SELECT RAISE(IGNORE) WHERE false AND NOT']],
    tests: ['persistence/capture/hidden-rows.test.ts'],
  },
  {
    fault: 'F-155: moving a branch leaves the paths of its descendants unchanged',
    file: 'persistence/columns/tree-paths.ts',
    edits: [['UNION SELECT c.${id} FROM ${table} c JOIN "moved" m ON c.${parent} = m."id"', '']],
    tests: ['persistence/columns/maintained-columns.test.ts'],
  },
  {
    fault: 'F-158: a long integer is rounded when read from SQLite',
    file: 'persistence/columns/column-codec.ts',
    edits: [['THEN CAST(${value} AS text) END', 'THEN NULL END']],
    tests: ['scenario/exact-values.test.ts'],
  },
  {
    fault: 'F-158: received values are stored but not sent back',
    file: 'persistence/columns/wire-values.ts',
    edits: [['canonicalText(form)) row[key] = sent;', 'canonicalText(form)) row[key] = form;']],
    tests: ['scenario/values-as-they-came.test.ts', 'property/values-as-they-came.test.ts'],
  },
  {
    fault: "F-158: a received value is sent instead of the user's",
    file: 'persistence/columns/wire-values.ts',
    edits: [
      [
        'Object.hasOwn(shown, key) && canonicalText(shown[key] ?? null) === canonicalText(form)',
        'Object.hasOwn(shown, key)',
      ],
    ],
    tests: ['scenario/values-as-they-came.test.ts'],
  },
  {
    fault: "F-158: an earlier received form stays although the server now sends the column's form",
    file: 'persistence/columns/wire-values.ts',
    edits: [
      [
        'const kept = Object.entries(known).filter(([key]) => row[key] === undefined);',
        'const kept = Object.entries(known);',
      ],
    ],
    tests: ['scenario/values-as-they-came.test.ts'],
  },
  {
    fault: 'F-158: trusts SQLite to return a number as the text that it came as',
    file: 'persistence/columns/column-codec.ts',
    edits: [["return (value) => typeof value !== 'string' || exactDigits(value) !== undefined;", 'return () => true;']],
    tests: ['property/values-as-they-came.test.ts'],
  },
  {
    fault: 'F-158: a client that saw a rounded number sends it rounded',
    file: 'rules/values/keep-digits.ts',
    edits: [["(typeof given === 'number' && given === Number(digits)) || given === digits ? known : given", 'given']],
    tests: ['scenario/exact-values.test.ts', 'rules/exact-json.test.ts'],
  },
  {
    fault: 'F-164: a damaged scope counts as absent, and any signed-in user takes the database',
    file: 'persistence/store-state.ts',
    edits: [['if (stored.damaged) throw', 'if (false as boolean) throw']],
    tests: ['property/damaged-rows.test.ts'],
  },
  {
    fault: 'F-164: the content of a damaged operation is lost when it is dropped',
    file: 'persistence/outbox/outbox-rows.ts',
    edits: [['    op.stored = {', '    if (op.damaged === "") op.stored = {']],
    tests: ['persistence/taking/take-ready.test.ts'],
  },
  {
    fault: 'F-164: a damaged base is not reported',
    file: 'persistence/outbox/base-rows.ts',
    edits: [['damage === undefined\n      ? []', 'damage === undefined || entityId !== ""\n      ? []']],
    tests: ['persistence/taking/take-ready.test.ts'],
  },
  {
    fault: 'F-160: rows that swap UNIQUE values stay quarantined forever',
    file: 'persistence/pulling/retry-quarantined.ts',
    edits: [['for (const ring of blocked.rings)', 'for (const ring of blocked.rings.slice(0, 0))']],
    tests: ['persistence/pulling/blocked-rows.test.ts', 'property/handed-over-values.test.ts'],
  },
  {
    fault: 'F-160, I5: a refused swap leaves placeholders behind',
    file: 'persistence/pulling/retry-quarantined.ts',
    edits: [['if (stored.upserts + stored.deletes === group.length) {', 'if (stored.upserts + stored.deletes >= 0) {']],
    tests: ['persistence/pulling/blocked-rows.test.ts'],
  },
  {
    fault: 'F-160: rows created in a cycle are sent with a reference to a missing row',
    file: 'persistence/taking/dependencies.ts',
    edits: [
      [
        'if (await openRing(session, ring, context.unit.clock.now())) return undefined;',
        'if (ring.length < 0 && (await openRing(session, ring, 0))) return undefined;',
      ],
    ],
    tests: ['persistence/taking/reference-rings.test.ts', 'property/queue-order.test.ts'],
  },
  {
    fault: 'F-160: the reference split from a creation folds back into it',
    file: 'persistence/taking/fold-limits.ts',
    edits: [['op.errorCode === waitingForCode ||', '']],
    tests: ['persistence/taking/reference-rings.test.ts'],
  },
  {
    fault: 'F-160: a split creation adds a reference that a later operation sets anyway',
    file: 'persistence/taking/split-creation.ts',
    edits: [
      [
        'keys.filter((key) => !later.some((op) => claims(op, key)))',
        'keys.filter((key) => !later.some((op) => op.seq < 0 && claims(op, key)))',
      ],
    ],
    tests: ['persistence/taking/reference-rings.test.ts'],
  },
  {
    fault: "F-161: an answer based on the newest known version counts as late when the server's clock was set back",
    file: 'persistence/settling/settle-applied.ts',
    edits: [['isOutdated(version, base) && !isMadeOnNewest(madeOn(request), base)', 'isOutdated(version, base)']],
    tests: ['persistence/settling/settle.test.ts'],
  },
  {
    fault: 'F-164: stored deltas of an unknown type are sent',
    file: 'persistence/sql/stored-shape.ts',
    edits: [['isList(value) && value.every(isDelta)', 'isList(value)']],
    tests: ['persistence/taking/take-ready.test.ts'],
  },
  {
    fault: 'F-157: an older listed row replaces a newer one',
    file: 'persistence/replica/stale-rows.ts',
    edits: [['compareTimestamps(version, other) < 0', '(false as boolean)']],
    tests: ['scenario/lagging-lists.test.ts'],
  },
  {
    fault: 'F-157: an older list restores a row that the server deleted for us',
    file: 'persistence/replica/stale-rows.ts',
    edits: [['compareTimestamps(version, gone) <= 0', 'compareTimestamps(version, gone) < 0']],
    tests: ['scenario/lagging-lists.test.ts'],
  },
  {
    fault: 'F-157: removed rows are not remembered',
    file: 'persistence/settling/row-changes.ts',
    edits: [['if (version !== undefined) this.#removed.push({ id: entityId, version });', '']],
    tests: ['scenario/lagging-lists.test.ts'],
  },
  {
    fault: 'F-157: an older list replaces rows settled during a full resync',
    file: 'persistence/replica/resync-marks.ts',
    edits: [['(await isOpen(session, kind))', '(await isMarking(session, kind))']],
    tests: ['scenario/lagging-lists.test.ts'],
  },
  {
    fault: 'F-157: a list from before our last write provides its version',
    file: 'persistence/pulling/pending-rows.ts',
    edits: [['if (isHeld(id) && isBeforeLastWrite(', 'if (false && isBeforeLastWrite(']],
    tests: ['scenario/lagging-lists.test.ts'],
  },
  {
    fault: 'F-161: a full resync keeps newer rows from before a restore',
    file: 'persistence/pulling/apply-pages.ts',
    edits: [["hold: isFirstLoad ? 'loaded' : 'seen'", "hold: 'known'"]],
    tests: ['scenario/lagging-lists.test.ts'],
  },
  {
    fault: 'F-160: pulled rows that refer to each other wait for each other forever',
    file: 'persistence/pulling/store-referring.ts',
    edits: [['if (group.length === 0) break;', 'if (group.length >= 0) break;']],
    tests: ['persistence/pulling/referring-rows.test.ts'],
  },
  {
    fault: 'F-160: one refused row blocks all rows that refer to each other',
    file: 'persistence/pulling/store-referring.ts',
    edits: [
      [
        'for (const name of culprits) refused.add(name);',
        'if (culprits.size > 0) for (const { name } of group) refused.add(name);',
      ],
    ],
    tests: ['persistence/pulling/referring-rows.test.ts'],
  },
  {
    fault: 'F-157: a forced edit whose late answer has no version hides rows pulled since',
    file: 'persistence/settling/settle-applied.ts',
    edits: [
      [
        'return firstSentAt !== undefined && base?.serverRow !== undefined &&',
        'return firstSentAt !== undefined && op.force !== true && base?.serverRow !== undefined &&',
      ],
    ],
    tests: ['scenario/late-answers.test.ts'],
  },
  {
    fault: 'F-161: a full resync omits rows that were removed before it started',
    file: 'persistence/replica/resync.ts',
    edits: [['await forgetAllRemoved(session, kind);', '']],
    tests: ['scenario/server-clock-back.test.ts'],
  },
  {
    fault: 'F-157: an older list restores a row that a full resync has removed',
    file: 'persistence/replica/unlisted-rows.ts',
    edits: [['await noteSwept(session, table, leaving, now);\n  await noteSwept(', 'await noteSwept(']],
    tests: ['persistence/pulling/older-rows.test.ts'],
  },
  {
    fault: 'F-157: a listing that lags behind a row proves that the row is gone',
    file: 'persistence/replica/swept-rows.ts',
    edits: [['version: order < 0 ? version : newest', 'version']],
    tests: ['persistence/pulling/older-rows.test.ts'],
  },
  {
    fault: "I1: a newer release's migration is not noticed",
    file: 'persistence/database/newer-release.ts',
    edits: [['releaseMigrationName.test(name) && !known.has(name)', 'false']],
    tests: ['persistence/database/newer-release.test.ts'],
  },
  {
    fault: "I1: a writer writes into a newer release's tables",
    file: 'persistence/database/newer-release.ts',
    edits: [
      ['if (!checked.has(dataSource)) await refuseNewerRelease(session, dataSource);', 'void [session, dataSource];'],
    ],
    tests: ['persistence/database/newer-release.test.ts'],
  },
  {
    fault: 'F-11: removed operations still count while others are added',
    file: 'persistence/queue/queue-counter.ts',
    edits: [['before?.rewrites === rewrites && session', 'before !== undefined && session']],
    tests: ['persistence/queue/queue-counter.test.ts'],
  },
  {
    fault: 'F-11: operations that another connection removed still count',
    file: 'persistence/queue/queue-counter.ts',
    edits: [['version === answer.version && ', '']],
    tests: ['persistence/queue/queue-counter.test.ts'],
  },
  {
    fault: 'F-31: a decision on an older pair of rows is stored for the newer one',
    file: 'persistence/settling/resolutions.ts',
    edits: [['!showsSameRows(expected, present.conflict)', 'false']],
    tests: ['conflicts/decisions.test.ts'],
  },
  {
    fault: 'F-49: of a refused request, only the named operation is dropped',
    file: 'persistence/queue/drop-operations.ts',
    edits: [['isRefused ? 1 : context', 'isRefused ? Infinity : context']],
    tests: ['engine/repairs.test.ts'],
  },
];
