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
    edits: [['const isHeld = before !== undefined && ', "const isHeld = before?.owner === '' && "]],
    tests: ['persistence/lease.test.ts'],
  },
  {
    fault: 'the gate lets two transactions onto one connection',
    file: 'persistence/gate-lock.ts',
    edits: [['if (this.#holder === undefined) {\n      this.#give(holder);', 'if (this.clock.now() > 0) {\n      this.#give(holder);']],
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
];
