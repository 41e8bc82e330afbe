/** A fault that somebody could make, as the text it changes. */
export interface Mutant {
  /** What is wrong now, in the words of the invariant. */
  readonly fault: string;
  /** Below `src`. */
  readonly file: string;
  /** Text that occurs exactly once in the file, and what stands there instead. */
  readonly edits: readonly (readonly [from: string, to: string])[];
  /** Below `test`: the few files of which one must turn red. */
  readonly tests: readonly string[];
}

const store = ['persistence/settle.test.ts', 'persistence/take-ready.test.ts'];

/** Each of these loses, doubles, hides or blocks something; each must be noticed. */
export const mutants: readonly Mutant[] = [
  {
    fault: 'I1: a request cut short before its answer counts as applied',
    file: 'engine/actors/settle-batch.ts',
    edits: [
      [
        "return { type: 'unavailable', error: new NetworkError(`${op.kind}/${op.id}: sending was cut short before an answer came`) };",
        "return { type: 'applied' };",
      ],
    ],
    tests: ['engine/cut-requests.test.ts'],
  },
  {
    fault: 'I1: a lost reply counts as applied',
    file: 'rules/outcome.ts',
    edits: [["return { type: 'retryLater', error: new NetworkError(result.message, { timedOut: result.timedOut ?? false }) };", "return { type: 'applied' };"]],
    tests: ['rules/outcome.test.ts'],
  },
  {
    fault: 'F-22: a 404 on an edit counts as applied',
    file: 'rules/outcome.ts',
    edits: [
      ["return op.type === 'delete' ? { type: 'applied' } : { type: 'conflict'", "return op.type !== undefined ? { type: 'applied' } : { type: 'conflict'"],
    ],
    tests: ['rules/outcome.test.ts'],
  },
  {
    fault: 'F-23: a captive portal’s page counts as success',
    file: 'transport/classify-answer.ts',
    edits: [
      [
        '    return pushMalformed(`${labelOf(op)} was answered with ${status} and a body that is not',
        '    return pushSuccess() ?? pushMalformed(`${labelOf(op)} was answered with ${status} and a body that is not',
      ],
    ],
    tests: ['transport/push-single.test.ts'],
  },
  {
    fault: 'F-34: the row of another entity is taken for ours',
    file: 'transport/classify-answer.ts',
    edits: [['if (id !== op.id) return pushMalformed(', "if (id === '') return pushMalformed("]],
    tests: ['transport/push-single.test.ts'],
  },
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
    edits: [['return frozen.length > 0 ? frozen : coalesce ? queue : queue.slice(0, 1);', 'return coalesce ? queue : queue.slice(0, 1);']],
    tests: store,
  },
  {
    fault: 'I2: a timeout closes the request, so that it goes out again under a new key',
    file: 'persistence/settle.ts',
    edits: [['each(() => ({ state: OutboxState.waiting, dueAt }));', 'each(() => ({ state: OutboxState.waiting, dueAt, close: true }));']],
    tests: ['engine/cut-requests.test.ts'],
  },
  {
    fault: 'I3: the next operation of an entity follows one that failed',
    file: 'transport/push-single.ts',
    edits: [['if (letsNextFollow(op, result)) queues.giveBack(lent);', 'if (letsNextFollow(op, result) || op.id !== undefined) queues.giveBack(lent);']],
    tests: ['transport/push-order.test.ts'],
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
    fault: 'I4: a row deleted here comes back with the next pull',
    file: 'rules/overlay.ts',
    edits: [["const deletedLocally = ops.at(-1)?.type === 'delete';", 'const deletedLocally = false;']],
    tests: ['rules/overlay.test.ts', 'persistence/settle.test.ts'],
  },
  {
    fault: 'I5: pending deltas are shown twice',
    file: 'rules/overlay.ts',
    edits: [
      ['row.set(delta.field, applyDelta(row.get(delta.field), delta));', 'row.set(delta.field, applyDelta(applyDelta(row.get(delta.field), delta), delta));'],
    ],
    tests: ['rules/overlay.test.ts', 'rules/deltas.test.ts', 'property/deltas.test.ts'],
  },
  {
    fault: 'I6: the cursor is stored before its page',
    file: 'persistence/apply-pages.ts',
    edits: [
      ['function applyInOneTransaction(', 'async function applyInOneTransaction('],
      [
        '  return context.unit.fenced(async (session) => {\n    const work = await openWork(session, context, tableOf(context, kind), options.strict);',
        '  await context.unit.fenced(async (session) => movePosition(await openWork(session, context, tableOf(context, kind), options.strict), pages));\n  return context.unit.fenced(async (session) => {\n    const work = await openWork(session, context, tableOf(context, kind), options.strict);',
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
    fault: 'I6: the end of a full resync moves the cursor backwards',
    file: 'persistence/resync.ts',
    edits: [['const ahead = row?.ts != null && (', 'const ahead = row?.ts === 0 && (']],
    tests: ['persistence/resync.test.ts'],
  },
  {
    fault: 'I8: a request without answer is waited for for ever',
    file: 'transport/exchange.ts',
    edits: [['within ${requestTimeoutMs} ms`)), requestTimeoutMs);', 'within ${requestTimeoutMs} ms`)), 2 ** 31 - 1);']],
    tests: ['testing/transport-conformance.test.ts'],
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
    fault: 'F-20: what follows an applied operation keeps its old base',
    file: 'rules/departure.ts',
    edits: [['const base = exists ? { baseUpdatedAt: serverVersion } : { baseUpdatedAt: undefined };', 'const base = {};']],
    tests: ['rules/departure.test.ts', 'persistence/settle.test.ts'],
  },
  {
    fault: 'F-136: what follows an applied operation keeps its old payload',
    file: 'rules/departure.ts',
    edits: [['const payload = exists ? reproject(serverRow, op, keys) : ', 'const payload = exists ? op.payload : ']],
    tests: ['rules/departure.test.ts', 'persistence/settle.test.ts'],
  },
  {
    fault: 'F-123: a row created and deleted here is deleted on the server',
    file: 'rules/fold.ts',
    edits: [["if (first.creates) return { type: 'nothing' };", '']],
    tests: ['rules/fold.test.ts'],
  },
  {
    fault: 'F-20: folded edits carry the newest base, so that the server sees no conflict',
    file: 'rules/fold.ts',
    edits: [['ops.map((op) => op.baseUpdatedAt).find(', 'ops.map((op) => op.baseUpdatedAt).findLast(']],
    tests: ['rules/fold.test.ts', 'property/fold.test.ts'],
  },
  {
    fault: 'F-27: an edit of unknown fields is forgotten when it is folded with others',
    file: 'rules/fold.ts',
    edits: [['if (op.changedFields === undefined) return undefined;', 'if (op.changedFields === undefined) continue;']],
    tests: ['rules/fold.test.ts'],
  },
  {
    fault: 'F-17: a row that cannot be stored is dropped',
    file: 'persistence/quarantine.ts',
    edits: [['for (const { id, row, error } of rows) {', 'for (const { id, row, error } of rows.slice(0, 0)) {']],
    tests: ['persistence/settle.test.ts'],
  },
  {
    fault: 'F-31: the result of a conflict is pushed without condition',
    file: 'engine/conflicts/conflict-plan.ts',
    edits: [['base: unconditional ? undefined : conflict.serverTimestamp || undefined,', 'base: undefined,']],
    tests: ['conflicts/third-writer.test.ts', 'conflicts/hazards.test.ts'],
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
    edits: [['row.received === 0 && !requested && ', 'row.received < 0 && !requested && ']],
    tests: ['persistence/resync.test.ts'],
  },
  {
    fault: 'F-38: the sweep takes rows that are listed',
    file: 'persistence/apply-pages.ts',
    edits: [['if (work.marking) await markSeen(session, table.kind, seen);', '']],
    tests: ['persistence/resync.test.ts'],
  },
  {
    fault: 'F-85: Retry-After is not heeded',
    file: 'rules/backoff.ts',
    edits: [["const asked = failure.type === 'throttled' && failure.retryAfterMs > 0 ? failure.retryAfterMs : 0;", 'const asked = 0;']],
    tests: ['rules/backoff.test.ts', 'machines/sync-machine.test.ts'],
  },
  {
    fault: 'F-85: Retry-After is not read from the answer',
    file: 'transport/send-op.ts',
    edits: [['retryAfterMs: retryAfterMsOf(answer),', 'retryAfterMs: undefined,']],
    tests: ['transport/push-single.test.ts'],
  },
  {
    fault: 'F-135: a stored answer overwrites the newer row that a pull brought',
    file: 'persistence/settle.ts',
    edits: [['if (version !== undefined && isOutdated(version, base)) return', "if (version === '' && isOutdated(version, base)) return"]],
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
    fault: 'I1: an operation that was settled early is settled once more with its batch',
    file: 'engine/actors/settle-early.ts',
    edits: [['batch.settled.add(request.op.opId);', 'batch.settled.delete(request.op.opId);']],
    tests: ['engine/settle-early.test.ts'],
  },
  {
    fault: 'F-143: the database of another user is taken for ours',
    file: 'engine/scope-guard.ts',
    edits: [['if (claimed.owner !== asked || read() !== asked) throw', 'if (claimed.owner === undefined || read() !== asked) throw']],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'F-143: a page that comes after the user has changed is written',
    file: 'engine/scoped-transport.ts',
    edits: [
      ['const page = await inner.pull({ ...request, signal });\n        await guard.assert();', 'const page = await inner.pull({ ...request, signal });'],
    ],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'F-143: the rest of a batch is sent although the user has changed',
    file: 'engine/scoped-transport.ts',
    edits: [['if (guard.hasChanged()) controller.abort();', 'if (guard.hasChanged() && controller.signal.aborted) controller.abort();']],
    tests: ['scenario/accounts.test.ts'],
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
    fault: 'I12: a run that stands still is never told',
    file: 'engine/watch-stalls.ts',
    edits: [["if (now === '' || stallAfterMs === Infinity) return;", "if (now !== '' || stallAfterMs === Infinity) return;"]],
    tests: ['scenario/stalled.test.ts'],
  },
  {
    fault: 'I12: a run that moves counts as one that stands still',
    file: 'engine/watch-stalls.ts',
    edits: [['return JSON.stringify([value, id, batchId, push, pull,', 'return JSON.stringify([id,']],
    tests: ['scenario/stalled.test.ts'],
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
    fault: 'a second equal item that a merge dropped is not named as lost',
    file: 'rules/merge-lists.ts',
    edits: [['return [`${count}:${identity}`, item];', 'return [`${count * 0}:${identity}`, item];']],
    tests: ['rules/lost-changes.test.ts'],
  },
];
