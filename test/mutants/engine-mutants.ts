import type { Mutant } from './mutant.ts';

/** Faults in the engine, what is sent and what comes back, and the devtools. */
export const engineMutants: readonly Mutant[] = [
  {
    fault: 'I1: a request cut short before its answer counts as applied',
    file: 'engine/actors/settle-batch.ts',
    edits: [
      [
        "type: 'unavailable',\n        error: new NetworkError(`${op.kind}/${op.id}: the request was interrupted before an answer arrived`),",
        "type: 'applied',",
      ],
    ],
    tests: ['engine/cut-requests.test.ts'],
  },
  {
    fault: 'F-23: a captive portal’s page counts as success',
    file: 'transport/answers/classify-answer.ts',
    edits: [['return { ...pushMalformed(message), ...htmlFact(body) };', 'return pushSuccess();']],
    tests: ['transport/push-single.test.ts'],
  },
  {
    fault: "F-34: another entity's row is taken for ours",
    file: 'transport/answers/classify-answer.ts',
    edits: [['if (id !== op.id)\n    return pushMalformed(', "if (id === '')\n    return pushMalformed("]],
    tests: ['transport/push-single.test.ts'],
  },
  {
    fault: 'I3: the next operation of an entity is sent after one that failed',
    file: 'transport/pushing/push-single.ts',
    edits: [
      [
        'if (letsNextFollow(op, result)) queues.giveBack(lent);',
        'if (letsNextFollow(op, result) || op.id !== undefined) queues.giveBack(lent);',
      ],
    ],
    tests: ['transport/push-order.test.ts'],
  },
  {
    fault: 'I8: a request without an answer waits forever',
    file: 'transport/http/exchange.ts',
    edits: [
      [
        'within ${requestTimeoutMs} ms`)),\n      requestTimeoutMs,',
        'within ${requestTimeoutMs} ms`)),\n      2 ** 31 - 1,',
      ],
    ],
    tests: ['testing/transport-conformance.test.ts'],
  },
  {
    fault: 'F-162: a request on a stale connection is not repeated',
    file: 'transport/http/exchange.ts',
    edits: [
      [
        'if (!metStaleConnection(error) || !isRepeatable(request))',
        'if (!metStaleConnection(error) || request.method !== undefined)',
      ],
    ],
    tests: ['transport/stale-connections.test.ts'],
  },
  {
    fault: 'I2: a repeat that finds no listener counts as never sent',
    file: 'transport/http/exchange.ts',
    edits: [["answeredResponse(error, what, 'yes'));", "answeredResponse(error, what, 'unknown'));"]],
    tests: ['transport/stale-connections.test.ts'],
  },
  {
    fault: 'F-162: an answer that had started counts as missing',
    file: 'transport/http/node-adapter.ts',
    edits: [['reused.socket.bytesRead === reused.bytesBefore', 'reused.socket.bytesRead >= reused.bytesBefore']],
    tests: ['transport/stale-connections.test.ts'],
  },
  {
    fault: 'F-31: the result of a conflict is pushed without a condition',
    file: 'engine/conflicts/conflict-plan.ts',
    edits: [['base: unconditional ? undefined : conflict.serverTimestamp || undefined,', 'base: undefined,']],
    tests: ['conflicts/third-writer.test.ts', 'conflicts/hazards.test.ts'],
  },
  {
    fault: 'F-85: Retry-After is not read from the answer',
    file: 'transport/requests/send-op.ts',
    edits: [['retryAfterMs: retryAfterMsOf(answer),', 'retryAfterMs: undefined,']],
    tests: ['transport/push-single.test.ts'],
  },
  {
    fault: 'I1: an operation that was settled early is settled again with its batch',
    file: 'engine/actors/settle-early.ts',
    edits: [['batch.settled.add(request.op.opId);', 'batch.settled.delete(request.op.opId);']],
    tests: ['engine/settle-early.test.ts'],
  },
  {
    fault: "F-143: another user's database is taken for ours",
    file: 'engine/scope/scope-guard.ts',
    edits: [
      ['if (claimed.owner !== asked || read() !== asked)', 'if (claimed.owner === undefined || read() !== asked)'],
    ],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'F-143: a page that arrives after a user change is written',
    file: 'engine/scope/scoped-transport.ts',
    edits: [
      [
        'const page = await inner.pull({ ...request, signal });\n        await guard.assert();',
        'const page = await inner.pull({ ...request, signal });',
      ],
    ],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'F-143: the rest of a batch is sent after a user change',
    file: 'engine/scope/scoped-transport.ts',
    edits: [
      [
        'if (guard.hasChanged()) controller.abort();',
        'if (guard.hasChanged() && controller.signal.aborted) controller.abort();',
      ],
    ],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'I12: a stalled run is never reported',
    file: 'engine/status/watch-stalls.ts',
    edits: [
      ["if (now === '' || stallAfterMs === Infinity) return;", "if (now !== '' || stallAfterMs === Infinity) return;"],
    ],
    tests: ['scenario/stalled.test.ts'],
  },
  {
    fault: 'I12: a progressing run counts as stalled',
    file: 'engine/status/watch-stalls.ts',
    edits: [['    value,\n    id,\n    batchId,\n    push,\n    pull,', '    id,']],
    tests: ['scenario/stalled.test.ts'],
  },
  {
    fault: 'I11: a batch is sent although the lease expired before',
    file: 'engine/actors/send-batch.ts',
    edits: [['if (lost !== undefined) return { answered: 0', "if (lost?.type === 'fatal') return { answered: 0"]],
    tests: ['engine/actors.test.ts'],
  },
  {
    fault: 'I11: a process that slept after handing over its batch sends it when it wakes',
    file: 'engine/actors/send-batch.ts',
    edits: [['  setLastLook(sending.signal, lookAtDeadline);\n', '']],
    tests: ['engine/last-look.test.ts'],
  },
  {
    fault: "I11: a process that slept before sending a conflict's result sends it when it wakes",
    file: 'engine/actors/conflict-actors.ts',
    edits: [['if (isPastDeadline(ports)) stop();', 'if (isPastDeadline(ports) && signal.aborted) stop();']],
    tests: ['engine/last-look.test.ts'],
  },
  {
    fault: 'I11: in a database with an owner, a process that slept sends when it wakes',
    file: 'engine/scope/scoped-transport.ts',
    edits: [['      lastLook(outer);\n', '']],
    tests: ['engine/last-look.test.ts'],
  },
  {
    fault: 'F-143: a request uses the token of a user who signed in while it was read',
    file: 'engine/scope/scoped-transport.ts',
    edits: [['lastLook(outer);\n      look();', 'lastLook(outer);']],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: "F-143: a request uses another user's refreshed token",
    file: 'transport/http/authorized-exchange.ts',
    edits: [
      [
        'await tokens.refresh(token, request.signal);\n    lastLook(request.signal);',
        'await tokens.refresh(token, request.signal);',
      ],
    ],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'F-143: a request is resent with the token of a user who signed in meanwhile',
    file: 'transport/http/authorized-exchange.ts',
    edits: [['return again;\n    lastLook(request.signal);', 'return again;']],
    tests: ['scenario/accounts.test.ts'],
  },
  {
    fault: 'F-11: a change at the end of a count is not counted',
    file: 'engine/status/status-keeper.ts',
    edits: [['        else if (isStale && !isClosed) recount();\n', '']],
    tests: ['engine/status-keeper.test.ts'],
  },
  {
    fault: 'F-11: a change while counting of a long queue rests is not counted',
    file: 'engine/status/status-keeper.ts',
    edits: [['rest = undefined;\n    if (isStale && !isClosed) recount();', 'rest = undefined;']],
    tests: ['engine/status-keeper.test.ts'],
  },
  {
    fault: "F-11: a run's leftovers in a long queue are not counted when it ends",
    file: 'engine/status/status-keeper.ts',
    edits: [['      isUrgent = counting !== undefined;\n      endRest();\n', '']],
    tests: ['engine/status-keeper.test.ts'],
  },
  {
    fault: 'F-11: a cause at the end of a reading is not processed',
    file: 'model/platform/again-if-asked.ts',
    edits: [
      [
        '      isWorking = false;\n    }\n  };',
        '      await Promise.resolve();\n      isWorking = false;\n    }\n  };',
      ],
    ],
    tests: ['engine/read-again.test.ts'],
  },
  {
    fault: 'I1: Amend writes the placeholder of a secret or a long text into the row',
    file: 'devtools/agent/answering/restore-shown.ts',
    edits: [['return [field, first];', 'return [field, value];']],
    tests: ['devtools/restore-shown.test.ts'],
  },
  {
    fault: 'I1: Amend writes an edited long text truncated',
    file: 'devtools/agent/answering/restore-shown.ts',
    edits: [['if (meant.length === 0 && standIn', 'if (meant.length < 0 && standIn']],
    tests: ['devtools/restore-shown.test.ts'],
  },
  {
    fault: 'I1: a secret that looks alike on both sides is taken from either side of a conflict',
    file: 'devtools/agent/answering/restore-shown.ts',
    edits: [['if (others.some((other)', 'if (others.slice(0, 0).some((other)']],
    tests: ['devtools/restore-shown.test.ts'],
  },
  {
    fault: 'a closed panel receives the whole log',
    file: 'devtools/agent/serve-channel.ts',
    edits: [['if (message.quiet !== true) follow(', 'follow(']],
    tests: ['devtools/follow-log.test.ts'],
  },
  {
    fault: 'a panel still receives the log after it was closed',
    file: 'devtools/agent/serve-channel.ts',
    edits: [['return unfollow(message.panelId);', 'return;']],
    tests: ['devtools/follow-log.test.ts'],
  },
  {
    fault: "F-134: the strategy decides about a row that was only sent along, and may overwrite the server's",
    file: 'engine/conflicts/conflict-strategies.ts',
    edits: [['keepServerRow(context) ?? reapplyDeltas(', 'reapplyDeltas(']],
    tests: ['scenario/never-sent-parents.test.ts'],
  },
  {
    fault: 'I1: the chart is not notified of an edit while a push looks for work',
    file: 'machines/heeds-outbox.ts',
    edits: [["{ pushing: 'taking' }", "{ pushing: 'sending' }"]],
    tests: ['machines/heeds-outbox.test.ts'],
  },
  {
    fault: 'I12: a 401 to the token before a sign-in signs the new user out',
    file: 'machines/setup/guards.ts',
    edits: [["failure?.type === 'authRequired' && run?.signedIn !== true", "failure?.type === 'authRequired'"]],
    tests: ['machines/sync-machine.test.ts'],
  },
  {
    fault: 'I8: a token that stays refused after a sign-in is retried forever',
    file: 'machines/setup/failure-actions.ts',
    edits: [
      ['...(run ? { run: { ...run, signedIn: false } } : {})', '...(run ? { run: { ...run, signedIn: true } } : {})'],
    ],
    tests: ['machines/sync-machine.test.ts'],
  },
  {
    fault: 'I2: a 503 with Retry-After counts as not applied, and the change is sent under another key',
    file: 'rules/answers/outcome.ts',
    edits: [["statusCode >= 500 ? 'unavailable' : 'throttled'", "statusCode >= 600 ? 'unavailable' : 'throttled'"]],
    tests: ['scenario/wait-after-commit.test.ts'],
  },
  {
    fault: 'F-163: whenIdle waits for the resolver that awaits it',
    file: 'engine/core/chart-commands.ts',
    edits: [['machine.questions.leaveOpen();\n        await life.until', 'await life.until']],
    tests: ['engine/resolver-that-syncs.test.ts'],
  },
  {
    fault: 'F-163: a run at its end does not notice that nobody waits for its resolver',
    file: 'engine/conflicts/open-questions.ts',
    edits: [['question.isLeft = true;\n    this.#tell();', 'question.isLeft = true;']],
    tests: ['engine/resolver-that-syncs.test.ts'],
  },
  {
    fault: 'I12: a call that must not wait waits on a paused database',
    file: 'engine/waits/when-paused.ts',
    edits: [['if (isPaused(started))\n', 'if (isPaused(started) && whenPaused === undefined)\n']],
    tests: ['engine/when-paused.test.ts'],
  },
  {
    fault: 'a pause leaves a call waiting that must not wait',
    file: 'engine/waits/when-paused.ts',
    edits: [
      [
        'if (isPaused(snapshot)) leaving.abort(interrupted);',
        'if (isPaused(snapshot) && leaving.signal.aborted) leaving.abort(interrupted);',
      ],
    ],
    tests: ['engine/when-paused.test.ts'],
  },
  {
    fault: 'streams of a disposed engine continue',
    file: 'engine/waits/until-over.ts',
    edits: [['complete: () => subscriber.complete()', 'complete: () => undefined']],
    tests: ['scenario/process-exits.test.ts'],
  },
  {
    fault: "F-147: event loop turns wait for a test's fake timers",
    file: 'model/platform/yield-turn.ts',
    edits: [
      ['new Promise((resolve) => turn(resolve))', 'new Promise((resolve) => turnOf()(resolve))'],
      ["&& !('clock' in setImmediate)", ''],
    ],
    tests: ['engine/fake-timers.test.ts'],
  },
  {
    fault: 'I12: diagnosis: data never becomes outdated by itself',
    file: 'engine/status/diagnosis-stream.ts',
    edits: [['if (staleInMs !== undefined) timer', 'if (staleInMs === -1) timer']],
    tests: ['engine/diagnosis/situations.test.ts'],
  },
  {
    fault: 'queries: unchanged rows are new objects',
    file: 'queries/share-rows.ts',
    edits: [
      [
        'candidate !== undefined && equalsCopy(candidate, row) ? candidate : row',
        'candidate === row ? candidate : row',
      ],
    ],
    tests: ['queries/stores.test.ts'],
  },
  {
    fault: 'queries: a remounted component restarts its query',
    file: 'queries/shared-store.ts',
    edits: [['    }, graceMs);', '    }, 0);']],
    tests: ['queries/stores.test.ts'],
  },
  {
    fault: 'queries: a write that ended late overwrites the newest result',
    file: 'queries/write-store.ts',
    edits: [['run === lastRun ? (failure ?? {}) : state', 'failure ?? {}']],
    tests: ['queries/stores.test.ts'],
  },
];
