import type { Mutant } from './mutant.ts';

const store = ['persistence/settle.test.ts', 'persistence/take-ready.test.ts'];

/** Faults in what is stored and read. */
export const persistenceMutants: readonly Mutant[] = [
  {
    fault: 'I2: a request is sent again under a new key',
    file: 'persistence/take-ready.ts',
    edits: [['const requestId = newest.requestId ?? nextRequestId(newest);', 'const requestId = nextRequestId(newest);']],
    tests: store,
  },
  {
    fault: 'I2: another body goes out under the same key',
    file: 'persistence/take-ready.ts',
    edits: [
      ['(op.attempt === 0 ? op.opId : `${op.opId}#${op.attempt + 1}`)', 'op.opId'],
      [`CASE WHEN "attempt" = 0 THEN "op_id" ELSE "op_id" || '#' || CAST("attempt" + 1 AS text) END`, '"op_id"'],
    ],
    tests: store,
  },
  {
    fault: 'I2: an edit is folded into a request that is under way',
    file: 'persistence/take-ready.ts',
    edits: [['return frozen.length > 0 ? frozen : queue.slice(0, foldable);', 'return queue.slice(0, foldable);']],
    tests: store,
  },
  {
    fault: 'I2: a timeout closes the request, so that it goes out again under a new key',
    file: 'persistence/settle.ts',
    edits: [['each(() => ({ state: OutboxState.waiting, dueAt }));', 'each(() => ({ state: OutboxState.waiting, dueAt, close: true }));']],
    tests: ['engine/cut-requests.test.ts'],
  },
  {
    fault: 'F-159: an edit folds into the creation before it, although it refers to a row created in between',
    file: 'persistence/fold-limits.ts',
    edits: [['isBetween(seq) && isOther(kind, id))', 'isBetween(seq) && kind === "")']],
    tests: ['persistence/hand-overs.test.ts'],
  },
  {
    fault: 'F-160: a fold overtakes the operation that releases its UNIQUE value',
    file: 'persistence/fold-limits.ts',
    edits: [['isBetween(release.seq) && isOther', 'release.seq < 0 && isOther']],
    tests: ['persistence/hand-overs.test.ts'],
  },
  {
    fault: 'F-160: nobody waits for a UNIQUE value to be released',
    file: 'persistence/release-waits.ts',
    edits: [['if (release !== undefined) waits.set', 'if (release?.kind === "") waits.set']],
    tests: ['persistence/hand-overs.test.ts', 'property/queue-order.test.ts'],
  },
  {
    fault: 'F-160: references that an edit lets go of are not noted, so that a delete overtakes the edit',
    file: 'persistence/released-values.ts',
    edits: [['before), ...dropped]', 'before), ...dropped.slice(0, 0)]']],
    tests: ['property/queue-order.test.ts'],
  },
  {
    fault: 'I12: operations that wait for each other wait for ever',
    file: 'persistence/waiting-rings.ts',
    edits: [['if (from === -1) continue;', 'if (from >= -1) continue;']],
    tests: ['persistence/hand-overs.test.ts'],
  },
  {
    fault: 'F-160: a row is announced as quarantined before its pull ends',
    file: 'persistence/quarantine.ts',
    edits: [["(announcement === 'atEndOfPull' && isClash(error))", "(announcement === 'atEndOfPull' && isClash(error) && id === '')"]],
    tests: ['persistence/apply-pages.test.ts'],
  },
  {
    fault: 'I4: a pull ignores pending operations',
    file: 'persistence/apply-pages.ts',
    edits: [
      ['work.hasBases ? await applyPending(work, rows) : nothingPending', 'work.hasBases && rows.size < 0 ? await applyPending(work, rows) : nothingPending'],
    ],
    tests: ['persistence/settle.test.ts'],
  },
  {
    fault: 'I6: the cursor is stored before its page',
    file: 'persistence/apply-pages.ts',
    edits: [
      ['function applyInOneTransaction(', 'async function applyInOneTransaction('],
      [
        "  return context.unit.fenced(async (session) => {\n    const work = await openWork(session, context, tableOf(context, kind), options.strict, 'atEndOfPull');",
        "  await context.unit.fenced(async (session) => movePosition(await openWork(session, context, tableOf(context, kind), options.strict, 'now'), pages));\n  return context.unit.fenced(async (session) => {\n    const work = await openWork(session, context, tableOf(context, kind), options.strict, 'atEndOfPull');",
      ],
    ],
    tests: ['persistence/apply-pages.test.ts'],
  },
  {
    fault: 'I6: the cursor moves over pages that were left for later',
    file: 'persistence/apply-pages.ts',
    edits: [['await movePosition(work, pages.slice(0, done.length));', 'await movePosition(work, pages);']],
    tests: ['persistence/apply-pages.test.ts'],
  },
  {
    fault: 'F-161: a full resync leaves the cursor in the future after the clock of the server went back',
    file: 'persistence/resync.ts',
    edits: [['const seen = row?.resyncTs != null;', "const seen = row?.resyncTs != null && row.resyncTs > (row.ts ?? '');"]],
    tests: ['persistence/resync.test.ts'],
  },
  {
    fault: 'I11: whoever has lost the lease goes on writing',
    file: 'persistence/unit-of-work.ts',
    edits: [['if (held === undefined) {', "if (held === undefined && holder.name === '') {"]],
    tests: ['persistence/lease.test.ts'],
  },
  {
    fault: 'I11: the lease is taken although somebody holds it',
    file: 'persistence/lease.ts',
    edits: [['        if (isHeld) return { held: false as const };\n', '']],
    tests: ['persistence/lease.test.ts'],
  },
  {
    fault: 'the gate lets two transactions onto one connection',
    file: 'persistence/gate-lock.ts',
    edits: [['if (this.#holder !== undefined) return false;', 'if (this.#holder !== undefined && this.clock.now() < 0) return false;']],
    tests: ['persistence/connection-gate.test.ts'],
  },
  {
    fault: 'F-09: a server that fails for everybody counts as a try',
    file: 'persistence/settle.ts',
    edits: [
      [
        "case 'unavailable':\n      each(() => ({ state: OutboxState.ready }));",
        "case 'unavailable':\n      each(() => ({ state: OutboxState.ready, countTry: true }));",
      ],
    ],
    tests: ['parity/stuck.test.ts', 'engine/cut-requests.test.ts'],
  },
  {
    fault: 'F-17: a row that cannot be stored is dropped',
    file: 'persistence/quarantine.ts',
    edits: [['for (const bad of rows) {', 'for (const bad of rows.slice(0, 0)) {']],
    tests: ['persistence/settle.test.ts'],
  },
  {
    fault: 'F-42: a full resync clears the table first',
    file: 'persistence/resync.ts',
    edits: [
      [
        '    await forgetSeen(session, kind);\n    await session.run(\n      `INSERT',
        '    await forgetSeen(session, kind);\n    await session.run(`DELETE FROM "${kind}"`);\n    await session.run(\n      `INSERT',
      ],
    ],
    tests: ['persistence/resync.test.ts'],
  },
  {
    fault: 'F-137: a scheduled full resync that receives nothing empties the table',
    file: 'persistence/resync.ts',
    edits: [['row.marking > 0 && row.received === 0 && !options.requested', 'row.marking > 0 && row.received < 0 && !options.requested']],
    tests: ['persistence/resync.test.ts'],
  },
  {
    fault: 'F-38: the sweep takes rows that are listed',
    file: 'persistence/apply-pages.ts',
    edits: [['if (work.marking) await markSeen(session, table.kind, seen);', '']],
    tests: ['persistence/resync.test.ts'],
  },
  {
    fault: 'F-135: a stored answer overwrites the newer row that a pull brought',
    file: 'persistence/settle.ts',
    edits: [['isOvertaken(request, base) : isOutdated(version, base);', 'isOvertaken(request, base) : false;']],
    tests: ['persistence/settle.test.ts'],
  },
  {
    fault: 'I7: a file of sql.js is written in place, so that a crash leaves half of it',
    file: 'persistence/save-file.ts',
    edits: [
      ['const besides = `${path}.saving`;', 'const besides = path;'],
      ['await rename(besides, path);', 'if (besides !== path) await rename(besides, path);'],
    ],
    tests: ['persistence/save-file.test.ts'],
  },
  {
    fault: 'I7: a commit of sql.js does not wait for its file',
    file: 'persistence/open-database.ts',
    edits: [['autoSaveCallback: (bytes: Uint8Array) => saveFile(database, bytes)', 'autoSaveCallback: (bytes: Uint8Array) => void saveFile(database, bytes)']],
    tests: ['persistence/save-file.test.ts'],
  },
  {
    fault: 'I1: what was never sent is given up without a word when the database is emptied',
    file: 'persistence/clear-scope.ts',
    edits: [['const facts = ops.map(', 'const facts = ops.slice(0, 0).map(']],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'I11: a run goes on writing into a database that was emptied for somebody else',
    file: 'persistence/clear-scope.ts',
    edits: [['  await revokeLease(session);\n', '']],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'I2: an upgrade changes the body of a request that is under way',
    file: 'persistence/upgrade-operations.ts',
    edits: [['THEN COALESCE("frozen_body", "payload") ELSE', 'THEN "frozen_body" ELSE']],
    tests: ['persistence/schema-versions.test.ts', 'scenario/schema-versions.test.ts'],
  },
  {
    fault: 'I13: an operation that cannot be upgraded is sent as it was',
    file: 'persistence/upgrade-operations.ts',
    edits: [['return new Set(unfit.flatMap(', 'return new Set(unfit.slice(0, 0).flatMap(']],
    tests: ['persistence/schema-versions.test.ts', 'scenario/schema-versions.test.ts'],
  },
  {
    fault: 'a new version of a table is adopted, and its rows keep the old shape',
    file: 'persistence/upgrade-schemas.ts',
    edits: [['const mustResync = stored !== undefined && wasPulled', 'const mustResync = stored === 0 && wasPulled']],
    tests: ['scenario/schema-versions.test.ts'],
  },
  {
    fault: 'I4: what the engine writes is captured as an edit of the user',
    file: 'persistence/capture/without-capture.ts',
    edits: [['=> context.current() !== undefined;', '=> context.current()?.uncaptured === undefined && context.current() !== undefined;']],
    tests: ['persistence/capture/repository-writes.test.ts'],
  },
  {
    fault: 'F-140: a save puts back what others have changed since the entity was loaded',
    file: 'persistence/capture/rebase-entity.ts',
    edits: [['if (isUntouched || codec.name === table.updatedAt)', 'if (isUntouched && codec.name === table.updatedAt)']],
    tests: ['persistence/capture/repository-writes.test.ts', 'persistence/capture/with-engine.test.ts'],
  },
  {
    fault: 'F-141: what a deletion takes along is not queued',
    file: 'persistence/capture/queue-changes.ts',
    edits: [['const hasFollowed = await followForeignKeys(session, changes.tables, stamp.at);', 'const hasFollowed = false;']],
    tests: ['persistence/capture/relations.test.ts'],
  },
  {
    fault: 'I7: a savepoint that is rolled back leaves what it remembered',
    file: 'persistence/capture/journal.ts',
    edits: [['const gone = this.#entries.splice(length);', 'const gone = this.#entries.slice(length);']],
    tests: ['persistence/capture/repository-writes.test.ts'],
  },
  {
    fault: 'F-11: a live query misses what was committed while it read',
    file: 'persistence/live-read.ts',
    edits: [
      [
        '        while (isStale && !subscriber.closed) {\n          isStale = false;\n          await readOnce();\n        }',
        '        isStale = false;\n        await readOnce();',
      ],
    ],
    tests: ['persistence/live-query.test.ts'],
  },
  {
    fault: 'a live query shows half of a commit',
    file: 'persistence/live-read.ts',
    edits: [['if (first !== last && feed.lastCommitOf(tables) > first', 'if (first > last && feed.lastCommitOf(tables) > first']],
    tests: ['persistence/live-query.test.ts'],
  },
  {
    fault: 'F-11: a commit of several tables tells of the last one only',
    file: 'persistence/change-feed.ts',
    edits: [['for (const table of more) all.add(table);\n  return all;', 'return new Set(more);']],
    tests: ['persistence/change-feed.test.ts', 'persistence/live-query.test.ts'],
  },
  {
    fault: 'I11: a clock that is set back takes the lease from who renews it',
    file: 'persistence/clock-doubt.ts',
    edits: [
      ['since === undefined ? isTooFar || hasLeapt || isNews :', 'since === undefined ? hasLeapt || isNews :'],
      ['since === undefined ? expiresAt > now :', 'since === undefined ? expiresAt > now && !isTooFar :'],
    ],
    tests: ['persistence/lease.test.ts'],
  },
  {
    fault: 'I11: a clock that is set forward takes the lease from who renews it',
    file: 'persistence/clock-doubt.ts',
    edits: [['isTooFar || hasLeapt || isNews :', 'isTooFar :']],
    tests: ['persistence/lease.test.ts'],
  },
  {
    fault: 'I11: where the clock was doubted once, renewing the lease does not count',
    file: 'persistence/clock-doubt.ts',
    edits: [['seen?.token === token && seen.expiresAt === expiresAt ? seen', 'seen?.token === token ? seen']],
    tests: ['persistence/lease.test.ts'],
  },
  {
    fault: 'F-67: a clock that is set back twice holds up everybody until that time has passed',
    file: 'persistence/clock-doubt.ts',
    edits: [['isTooFar || hasLeapt || isNews : now < since) since = now', 'isTooFar || hasLeapt || isNews : false) since = now']],
    tests: ['persistence/lease.test.ts'],
  },
  {
    fault: 'I12: rows that no server had are not sent along with those that refer to them',
    file: 'persistence/dependencies.ts',
    edits: [['groups.flatMap(({ frozen, folded })', 'groups.slice(0, 0).flatMap(({ frozen, folded })']],
    tests: ['scenario/never-sent-parents.test.ts'],
  },
  {
    fault: 'I3: what refers to a row that no server had is sent before it',
    file: 'persistence/never-sent.ts',
    edits: [['base !== undefined && base.lastSent === undefined', 'base !== undefined && base.lastSent !== undefined']],
    tests: ['scenario/never-sent-parents.test.ts'],
  },
  {
    fault: 'F-134: a row that is sent along counts as changed by the user, and overwrites the one of the server',
    file: 'persistence/never-sent.ts',
    edits: [[' changedFields: [],', '']],
    tests: ['scenario/never-sent-parents.test.ts'],
  },
  {
    fault: 'F-134: a row that came from the server is sent along as if no server had it',
    file: 'persistence/replica-table.ts',
    edits: [["sql: `${row}.${this.updatedAtName} = '' AND ${shown}", 'sql: `${shown}']],
    tests: ['scenario/never-sent-parents.test.ts'],
  },
  {
    fault: 'I1: a full resync removes rows that no server ever had',
    file: 'persistence/replica-table.ts',
    edits: [["AND (${this.updatedAtName} <> '' OR", 'AND (${this.updatedAtName} IS NOT NULL OR']],
    tests: ['scenario/rows-from-before.test.ts'],
  },
  {
    fault: 'F-38: a row that a server took without telling its version outlives its deletion',
    file: 'persistence/replica-table.ts',
    edits: [["OR ${this.isIn('sync_base')})", "OR (${this.isIn('sync_base')} AND 1 = 0))"]],
    tests: ['scenario/answer-without-version.test.ts', 'persistence/resync.test.ts'],
  },
  {
    fault: 'F-134: what the app acknowledged by hand counts as never sent',
    file: 'persistence/outbox-repository.ts',
    edits: [['if (payload === null) continue;', "if (payload !== '') continue;"]],
    tests: ['scenario/rows-from-before.test.ts', 'persistence/outbox-repository.test.ts'],
  },
  {
    fault: 'F-17: a pulled row that could never be sent back is stored',
    file: 'persistence/replica-table.ts',
    edits: [['if (polluted !== undefined) return', "if (polluted === '') return"]],
    tests: ['persistence/apply-pages.test.ts'],
  },
  {
    fault: 'a read is answered by an equal one that began before it, and with older data',
    file: 'persistence/sqlite-gate.ts',
    edits: [['      begun?.();\n', '']],
    tests: ['persistence/reads-together.test.ts'],
  },
  {
    fault: 'equal reads that are answered once share their rows',
    file: 'persistence/same-reads.ts',
    edits: [['resolve({ ...answer, value: copyAnswer(answer.value) })', 'resolve(answer)']],
    tests: ['persistence/reads-together.test.ts'],
  },
  {
    fault: 'reads whose values differ in their type only count as equal',
    file: 'persistence/same-reads.ts',
    edits: [['key += `\\u0000${typeof value}\\u0000${String(value)}`;', 'key += `\\u0000${String(value)}`;']],
    tests: ['persistence/reads-together.test.ts'],
  },
  {
    fault: 'F-140: a column that is not selected by default puts back what others have changed',
    file: 'persistence/capture/rebase-entity.ts',
    edits: [['if (isUntouched && !codec.column.isSelect) setAside(', 'if (isUntouched && codec.column.isSelect) setAside(']],
    tests: ['persistence/capture/unselected-columns.test.ts'],
  },
  {
    fault: 'F-140: a form opened before its row was first sent goes out without a base',
    file: 'persistence/local-change.ts',
    edits: [
      [
        'if (isAsSeen) return { version, preImage: { row: before, version } };',
        'if (isAsSeen) return { version: undefined, preImage: { row: before, version } };',
      ],
    ],
    tests: ['engine/early-forms.test.ts'],
  },
  {
    fault: 'F-140: an edit of a field that somebody else changed since the form was opened clashes with nothing',
    file: 'persistence/local-change.ts',
    edits: [['changed.every((key) => deepEqual(before[key] ?? null, seen[key] ?? null))', 'true']],
    tests: ['engine/early-forms.test.ts'],
  },
  {
    fault: 'F-135: the late answer of a delete hides a row that somebody brought back since',
    file: 'persistence/settle.ts',
    edits: [['firstSentAt !== undefined && op.force !== true && isOutdated', 'false && op.force !== true && isOutdated']],
    tests: ['scenario/late-answers.test.ts'],
  },
  {
    fault: 'F-135: the late answer of a change, without a version, is laid over a row that was pulled since',
    file: 'persistence/settle.ts',
    edits: [['version === undefined ? isOvertaken(request, base) : isOutdated', 'version === undefined ? false : isOutdated']],
    tests: ['scenario/late-answers.test.ts'],
  },
  {
    fault: 'I8: a pause that is taken back at once never ends',
    file: 'engine/pause-waits.ts',
    edits: [['return wasBound;', 'return false;']],
    tests: ['engine/facade.test.ts'],
  },
  {
    fault: 'I11: a clock that is set forward takes the lease from whom another process never looked at',
    file: 'persistence/clock-doubt.ts',
    edits: [['isTooFar || hasLeapt || isNews :', 'isTooFar || hasLeapt :']],
    tests: ['persistence/lease.test.ts'],
  },
  {
    fault: 'F-11: a run that ends is not counted while a long queue rests from counting',
    file: 'engine/status-keeper.ts',
    edits: [['isUrgent = counting !== undefined;', 'isUrgent = false;']],
    tests: ['engine/status-keeper.test.ts'],
  },
  {
    fault: 'F-153: a sweep removes hidden rows that no server ever had',
    file: 'persistence/replica-table.ts',
    edits: [
      [
        "(${this.updatedAtName} <> '' OR ${this.isIn('sync_base')})",
        "(${this.updatedAtName} <> '' OR ${this.deletedAtLocalName} IS NOT NULL OR ${this.isIn('sync_base')})",
      ],
    ],
    tests: ['scenario/adoption.test.ts'],
  },
  {
    fault: 'F-154: an upsert onto a deleted row is written unseen',
    file: 'persistence/capture/revive-on-conflict.ts',
    edits: [['text: ` ${shown(table)},` }', "text: '' }"]],
    tests: ['persistence/capture/hidden-rows.test.ts'],
  },
  {
    fault: 'F-154: an update changes a deleted row unseen',
    file: 'persistence/capture/captured-table.ts',
    edits: [['SELECT RAISE(IGNORE) WHERE NOT', 'SELECT RAISE(IGNORE) WHERE false AND NOT']],
    tests: ['persistence/capture/hidden-rows.test.ts'],
  },
  {
    fault: 'F-155: a branch that moves leaves the paths of its descendants as they were',
    file: 'persistence/tree-paths.ts',
    edits: [['UNION SELECT c.${id} FROM ${table} c JOIN "moved" m ON c.${parent} = m."id"', '']],
    tests: ['persistence/maintained-columns.test.ts'],
  },
  {
    fault: 'F-158: a long whole number is rounded on its way out of SQLite',
    file: 'persistence/column-codec.ts',
    edits: [['THEN CAST(${value} AS text) END', 'THEN NULL END']],
    tests: ['scenario/exact-values.test.ts'],
  },
  {
    fault: 'F-158: who saw a number rounded sends it rounded',
    file: 'rules/exact-json.ts',
    edits: [["(typeof given === 'number' && given === Number(digits)) || given === digits ? known : given", 'given']],
    tests: ['scenario/exact-values.test.ts', 'rules/exact-json.test.ts'],
  },
  {
    fault: 'F-164: a damaged scope counts as absent, and the database is taken for whoever is signed in',
    file: 'persistence/create-store.ts',
    edits: [['if (stored.damaged) throw', 'if (false as boolean) throw']],
    tests: ['property/damaged-rows.test.ts'],
  },
  {
    fault: 'F-164: stored deltas of an unknown type are sent',
    file: 'persistence/stored-shape.ts',
    edits: [['isList(value) && value.every(isDelta)', 'isList(value)']],
    tests: ['persistence/take-ready.test.ts'],
  },
];
