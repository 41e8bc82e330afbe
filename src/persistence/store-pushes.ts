import type { StorePort } from '../model/ports.ts';
import type { StoreContext } from './database/store-context.ts';
import { confirmBase } from './outbox/confirm-base.ts';
import { readConflicts } from './outbox/conflict-rows.ts';
import { repairStates } from './outbox/transitions/begin-run.ts';
import { acceptServer, decideConflict, freezeResolution, loadConflict, parkConflict } from './settling/resolutions.ts';
import { settleResolution } from './settling/settle-resolution.ts';
import { settleAnswers } from './settling/settle.ts';
import { rethrowForCaller } from './sql/database-failure.ts';
import { takeReady } from './taking/take-ready.ts';

type PushMethods =
  | 'take'
  | 'confirmBase'
  | 'settle'
  | 'loadConflict'
  | 'parkConflict'
  | 'acceptServer'
  | 'freezeResolution'
  | 'settleResolution'
  | 'decideConflict'
  | 'conflicts';

/** Takes operations to send, settles their answers, and handles the resulting conflicts. */
export function storePushes(context: StoreContext): Pick<StorePort, PushMethods> {
  const { unit, config } = context;
  /** Kinds whose states this process has repaired. */
  const repaired = new Set<string>();
  return {
    take: async (options) => {
      const unchecked = options.kinds.filter((kind) => !repaired.has(kind));
      let repairs = false;
      const taken = await unit.fenced(async (session) => {
        const first = await takeReady(session, context, options);
        if (first.requests.length > 0 || unchecked.length === 0) return first;
        // An operation with a wrong state would never be taken.
        await repairStates(session, unchecked, config.maxOutboxTryCount);
        repairs = true;
        const second = await takeReady(session, context, options);
        return { ...second, facts: [...first.facts, ...second.facts] };
      });
      if (repairs) for (const kind of unchecked) repaired.add(kind);
      return taken;
    },
    confirmBase: (request, found) => unit.fenced((session) => confirmBase(session, request, found)),
    settle: (answers) => unit.fenced((session) => settleAnswers(session, context, answers)),
    loadConflict: (ref) => unit.fenced((session) => loadConflict(session, context, ref)),
    parkConflict: (ref, reason, options) =>
      unit.fenced((session) => parkConflict(session, context, ref, reason, options)),
    acceptServer: (ref, resolution) => unit.fenced((session) => acceptServer(session, context, ref, resolution)),
    freezeResolution: (ref, resolution) =>
      unit.fenced((session) => freezeResolution(session, context, ref, resolution)),
    settleResolution: (ref, answer) => unit.fenced((session) => settleResolution(session, context, ref, answer)),
    decideConflict: (opId, resolution, options) =>
      unit
        .transaction((session) => decideConflict(session, context, opId, resolution, options))
        .catch(rethrowForCaller),
    conflicts: () => unit.read(readConflicts).catch(rethrowForCaller),
  };
}
