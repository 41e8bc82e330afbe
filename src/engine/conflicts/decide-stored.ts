import type { StoredConflict } from '../../model/conflict.ts';
import type { ConflictRef } from '../../model/run.ts';
import { planConflict, planOfResolution, type ConflictPlan } from './conflict-strategies.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { deferDecision, type DecidedPlan } from './conflict-plan.ts';
import type { Asker, OpenQuestions, ResolverAnswer } from './open-questions.ts';

interface Deciding {
  readonly ports: EnginePorts;
  readonly questions: OpenQuestions;
  readonly asker: Asker;
  readonly runId: number;
  readonly clockOffsetMs: number;
}

/**
 * A decision, after resolvers have answered. Undefined: nothing to decide, because the conflict is gone or a resolver
 * is still open.
 */
type Decided = DecidedPlan | undefined;

/** Reads a conflict and decides it. Returns promptly; never waits for a slow resolver (F-145). */
export async function decideStored(ref: ConflictRef, deciding: Deciding): Promise<Decided> {
  const {
    ports: { store, kinds, config },
    questions,
    clockOffsetMs,
  } = deciding;
  const given = questions.take(ref);
  // While a resolver is open, the conflict stays as shown. Another process may have decided it.
  if (given === undefined && questions.isOpen(ref) && !(await isDecided(ref, deciding))) return undefined;
  const stored = await store.loadConflict(ref);
  if (stored === undefined) return undefined;
  const { conflict } = stored;
  // The answer belongs to exactly this conflict, and could not be stored on arrival.
  if (
    given !== undefined &&
    stored.state !== 'decided' &&
    given.conflict.opId === conflict.opId &&
    given.conflict.serverTimestamp === conflict.serverTimestamp
  ) {
    return planOfAnswer(stored, given.answer, deciding);
  }
  const plan = planConflict(stored, kinds.get(ref.kind), config, clockOffsetMs);
  const failure =
    stored.state === 'decided' && stored.resolution?.type === 'defer'
      ? questions.takeFailure(conflict.opId)
      : undefined;
  if (failure !== undefined) return deferDecision(failure);
  return plan.type === 'ask' ? consult(ref, stored, plan, deciding) : plan;
}

async function isDecided({ kind, entityId }: ConflictRef, { ports: { store } }: Deciding): Promise<boolean> {
  return (await store.conflicts()).some(
    ({ state, conflict }) => state === 'decided' && conflict.kind === kind && conflict.entityId === entityId,
  );
}

async function consult(
  ref: ConflictRef,
  stored: StoredConflict,
  { resolver }: Extract<ConflictPlan, { type: 'ask' }>,
  deciding: Deciding,
): Promise<Decided> {
  const {
    ports: { store },
    questions,
    asker,
    runId,
  } = deciding;
  // Stored before the question, so that an answer can be stored at any time.
  await store.parkConflict(ref, 'Waiting for the conflict resolver', { nextRun: false, countTry: false });
  const answer = await questions.ask({ ref, runId, conflict: stored.conflict, asker }, resolver);
  return answer && planOfAnswer(stored, answer, deciding);
}

/** An invalid answer of a resolver leaves its conflict unresolved. */
function planOfAnswer(
  { conflict }: StoredConflict,
  { resolution, failed }: ResolverAnswer,
  { ports: { kinds, config }, clockOffsetMs }: Deciding,
): Decided {
  if (failed !== undefined) return deferDecision(failed);
  try {
    return planOfResolution({ conflict, kind: kinds.get(conflict.kind), config, clockOffsetMs }, resolution);
  } catch (error) {
    return deferDecision(
      `The conflict resolver's answer cannot be used: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
