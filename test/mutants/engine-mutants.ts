import type { Mutant } from './mutant.ts';

/** Faults in the engine, what is sent and what comes back, and the devtools. */
export const engineMutants: readonly Mutant[] = [
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
    fault: 'I3: the next operation of an entity follows one that failed',
    file: 'transport/push-single.ts',
    edits: [['if (letsNextFollow(op, result)) queues.giveBack(lent);', 'if (letsNextFollow(op, result) || op.id !== undefined) queues.giveBack(lent);']],
    tests: ['transport/push-order.test.ts'],
  },
  {
    fault: 'I8: a request without answer is waited for for ever',
    file: 'transport/exchange.ts',
    edits: [['within ${requestTimeoutMs} ms`)), requestTimeoutMs);', 'within ${requestTimeoutMs} ms`)), 2 ** 31 - 1);']],
    tests: ['testing/transport-conformance.test.ts'],
  },
  {
    fault: 'F-162: a request that met a stale connection is not repeated',
    file: 'transport/exchange.ts',
    edits: [['if (!metStaleConnection(error) || !isRepeatable(request)) return', 'if (!metStaleConnection(error) || request.method !== undefined) return']],
    tests: ['transport/stale-connections.test.ts'],
  },
  {
    fault: 'I2: a repeat that finds nobody listening counts as never sent',
    file: 'transport/exchange.ts',
    edits: [["answeredResponse(error, what, 'yes'));", "answeredResponse(error, what, 'unknown'));"]],
    tests: ['transport/stale-connections.test.ts'],
  },
  {
    fault: 'F-162: an answer that had begun counts as none',
    file: 'transport/node-adapter.ts',
    edits: [['reused.socket.bytesRead === reused.bytesBefore', 'reused.socket.bytesRead >= reused.bytesBefore']],
    tests: ['transport/stale-connections.test.ts'],
  },
  {
    fault: 'F-31: the result of a conflict is pushed without condition',
    file: 'engine/conflicts/conflict-plan.ts',
    edits: [['base: unconditional ? undefined : conflict.serverTimestamp || undefined,', 'base: undefined,']],
    tests: ['conflicts/third-writer.test.ts', 'conflicts/hazards.test.ts'],
  },
  {
    fault: 'F-85: Retry-After is not read from the answer',
    file: 'transport/send-op.ts',
    edits: [['retryAfterMs: retryAfterMsOf(answer),', 'retryAfterMs: undefined,']],
    tests: ['transport/push-single.test.ts'],
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
    fault: 'I11: a batch leaves although the lease ran out before it was sent',
    file: 'engine/actors/send-batch.ts',
    edits: [['if (lost !== undefined) return { answered: 0', "if (lost?.type === 'fatal') return { answered: 0"]],
    tests: ['engine/actors.test.ts'],
  },
  {
    fault: 'I11: a process that slept after its batch was handed over sends it when it wakes',
    file: 'engine/actors/send-batch.ts',
    edits: [['  setLastLook(sending.signal, lookAtDeadline);\n', '']],
    tests: ['engine/last-look.test.ts'],
  },
  {
    fault: 'I11: a process that slept before the result of a conflict left sends it when it wakes',
    file: 'engine/actors/conflict-actors.ts',
    edits: [['if (isPastDeadline(ports)) stop();', 'if (isPastDeadline(ports) && signal.aborted) stop();']],
    tests: ['engine/last-look.test.ts'],
  },
  {
    fault: 'I11: where the database belongs to a user, a process that slept sends when it wakes',
    file: 'engine/scoped-transport.ts',
    edits: [['      lastLook(outer);\n', '']],
    tests: ['engine/last-look.test.ts'],
  },
  {
    fault: 'F-143: a request leaves with the token of a user who signed in while it was read',
    file: 'engine/scoped-transport.ts',
    edits: [['lastLook(outer);\n      look();', 'lastLook(outer);']],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'F-143: a request leaves with a refreshed token of another user',
    file: 'transport/authorized-exchange.ts',
    edits: [['await tokens.refresh(token, request.signal);\n    lastLook(request.signal);', 'await tokens.refresh(token, request.signal);']],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'F-143: a request leaves once more with the token of a user who signed in meanwhile',
    file: 'transport/authorized-exchange.ts',
    edits: [['return again;\n    lastLook(request.signal);', 'return again;']],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'F-11: a change that comes while a count ends is not counted',
    file: 'engine/status-keeper.ts',
    edits: [['        else if (isStale && !isClosed) recount();\n', '']],
    tests: ['engine/status-keeper.test.ts'],
  },
  {
    fault: 'F-11: what changes while the counting of a long queue rests is not counted',
    file: 'engine/status-keeper.ts',
    edits: [['rest = undefined;\n    if (isStale && !isClosed) recount();', 'rest = undefined;']],
    tests: ['engine/status-keeper.test.ts'],
  },
  {
    fault: 'F-11: what a run leaves of a long queue is not counted when the run ends',
    file: 'engine/status-keeper.ts',
    edits: [['      isUrgent = counting !== undefined;\n      endRest();\n', '']],
    tests: ['engine/status-keeper.test.ts'],
  },
  {
    fault: 'F-11: a cause that comes while a reading ends is not answered',
    file: 'engine/read-again.ts',
    edits: [['        isReading = false;\n      }\n    };', '        await Promise.resolve();\n        isReading = false;\n      }\n    };']],
    tests: ['engine/read-again.test.ts'],
  },
  {
    fault: 'I1: Amend writes the stand-in of a secret or of a long text into the row',
    file: 'devtools/agent/restore-shown.ts',
    edits: [['return [field, first];', 'return [field, value];']],
    tests: ['devtools/restore-shown.test.ts'],
  },
  {
    fault: 'I1: Amend writes a long text that was edited where it is cut off',
    file: 'devtools/agent/restore-shown.ts',
    edits: [['if (meant.length === 0 && standIn', 'if (meant.length < 0 && standIn']],
    tests: ['devtools/restore-shown.test.ts'],
  },
  {
    fault: 'I1: a secret that the panel cannot tell apart is taken from any side of a conflict',
    file: 'devtools/agent/restore-shown.ts',
    edits: [['if (others.some((other)', 'if (others.slice(0, 0).some((other)']],
    tests: ['devtools/restore-shown.test.ts'],
  },
  {
    fault: 'a closed panel is told the whole log',
    file: 'devtools/agent/serve-channel.ts',
    edits: [['if (message.quiet !== true) follow(', 'follow(']],
    tests: ['devtools/follow-log.test.ts'],
  },
  {
    fault: 'a panel that was closed is still told the log',
    file: 'devtools/agent/serve-channel.ts',
    edits: [['return unfollow(message.panelId);', 'return;']],
    tests: ['devtools/follow-log.test.ts'],
  },
  {
    fault: 'F-134: a row that was only sent along is decided by the strategy, and may overwrite the one of the server',
    file: 'engine/conflict-strategies.ts',
    edits: [['return keepServerRow(context) ?? reapplyDeltas(', 'return reapplyDeltas(']],
    tests: ['scenario/never-sent-parents.test.ts'],
  },
  {
    fault: 'I1: the chart is not told of an edit while a push looks for work',
    file: 'machines/heeds-outbox.ts',
    edits: [["{ pushing: 'taking' }", "{ pushing: 'sending' }"]],
    tests: ['machines/heeds-outbox.test.ts'],
  },
  {
    fault: 'I12: a 401 to the token of before a sign-in signs out who has signed in',
    file: 'machines/sync-machine.ts',
    edits: [["failure?.type === 'authRequired' && run?.signedIn !== true", "failure?.type === 'authRequired'"]],
    tests: ['machines/sync-machine.test.ts'],
  },
  {
    fault: 'I8: after a sign-in a token that stays refused is tried for ever',
    file: 'machines/sync-machine.ts',
    edits: [['...(run ? { run: { ...run, signedIn: false } } : {})', '...(run ? { run: { ...run, signedIn: true } } : {})']],
    tests: ['machines/sync-machine.test.ts'],
  },
  {
    fault: 'I2: a 503 that asks to wait counts as not done, and the change goes out under another key',
    file: 'rules/outcome.ts',
    edits: [["statusCode >= 500 ? 'unavailable' : 'throttled'", "statusCode >= 600 ? 'unavailable' : 'throttled'"]],
    tests: ['scenario/wait-after-commit.test.ts'],
  },
];
