import { copyData } from '../../model/values/copy-data.ts';
import { defer, type Conflict, type ConflictResolution, type ConflictResolver } from '../../model/conflict.ts';
import { ValidationError } from '../../model/errors/errors.ts';
import type { StorePort } from '../../model/ports.ts';
import type { ConflictRef } from '../../model/run.ts';
import { yieldTurn } from '../../model/platform/yield-turn.ts';

/** The result of a resolver. `failed`: it threw, with the reason. */
export interface ResolverAnswer {
  readonly resolution: ConflictResolution;
  readonly failed?: string | undefined;
}

/** The part of the chart that concerns an answer. */
export interface Asker {
  isAlive(): boolean;
  /** Whether the run that asked continues and will read the answer. */
  isRunning(runId: number): boolean;
  /** Reports that a decision is stored. */
  wake(ref: ConflictRef, resolution: ConflictResolution): void;
}

interface Question {
  readonly ref: ConflictRef;
  readonly runId: number;
  readonly asker: Asker;
  /** The conflict as shown to the resolver. */
  conflict: Conflict;
  answer?: ResolverAnswer | undefined;
  /** A caller currently waits for the answer and takes it directly. */
  isAwaited: boolean;
  /** The end of the run does not wait for the answer, because the resolver may itself wait for a run (F-163). */
  isLeft: boolean;
  readonly resolver: ConflictResolver;
}

/** Number of event loop turns to wait for an answer before the run continues with other work. */
const promptTurns = 4;

const keyOf = ({ kind, entityId }: Pick<ConflictRef, 'kind' | 'entityId'>): string => JSON.stringify([kind, entityId]);

/**
 * The questions put to resolvers and not answered yet (F-145). A resolver is asked one question at a time, since it may
 * be a dialog. A caller may stop waiting at any time. A later answer is stored as a decision, and the chart gets an
 * event.
 */
export class OpenQuestions {
  readonly #questions = new Map<string, Question>();
  /** The last question of each resolver. */
  readonly #lines = new Map<ConflictResolver, Promise<void>>();
  /** Conflicts answered and stored, by the run that asked. */
  readonly #decided = new Map<number, { readonly ref: ConflictRef; readonly wake: () => void }[]>();
  /** Reasons of failed answers, because the store keeps only decisions. */
  readonly #failures = new Map<string, string>();
  readonly #listeners = new Set<() => void>();

  constructor(private readonly store: Pick<StorePort, 'conflicts' | 'decideConflict'>) {}

  /** Whether a resolver is open for this entity's conflict, or an answer waits to be taken. */
  isOpen(ref: ConflictRef): boolean {
    return this.#questions.has(keyOf(ref));
  }

  /** Whether a run still waits for answers. */
  isWaitingFor(runId: number): boolean {
    return [...this.#questions.values()].some((question) => question.runId === runId && !question.isLeft);
  }

  /**
   * Called when somebody starts to wait for a run or its end. The caller may be a resolver; only Node could tell. If
   * the run waited for that resolver, or for a question queued behind it, neither would ever end (F-163).
   */
  leaveOpen(): void {
    for (const question of this.#questions.values()) question.isLeft = true;
    this.#tell();
  }

  /** Asks a question and returns the answer if it comes at once. */
  async ask(
    question: Pick<Question, 'ref' | 'runId' | 'conflict' | 'asker'>,
    resolver: ConflictResolver,
  ): Promise<ResolverAnswer | undefined> {
    const asked: Question = { ...question, resolver, isAwaited: true, isLeft: this.#isLeft(resolver) };
    this.#questions.set(keyOf(asked.ref), asked);
    const before = this.#lines.get(resolver);
    const work =
      before === undefined ? this.#consult(asked, resolver) : before.then(() => this.#consultLater(asked, resolver));
    this.#lines.set(resolver, work);
    void work.then(() => {
      if (this.#lines.get(resolver) === work) this.#lines.delete(resolver);
    });
    for (let turn = 0; turn < promptTurns && asked.answer === undefined; turn += 1) await yieldTurn();
    asked.isAwaited = false;
    return this.take(asked.ref)?.answer;
  }

  /** Takes the answer that could not be stored on arrival, with its conflict. */
  take(ref: ConflictRef): { readonly conflict: Conflict; readonly answer: ResolverAnswer } | undefined {
    const question = this.#questions.get(keyOf(ref));
    if (question?.answer === undefined) return undefined;
    this.#questions.delete(keyOf(ref));
    return { conflict: question.conflict, answer: question.answer };
  }

  /** Takes the reason why the stored answer to a conflict means "unresolved"; returns it once. */
  takeFailure(opId: string): string | undefined {
    const failure = this.#failures.get(opId);
    this.#failures.delete(opId);
    return failure;
  }

  /** Whether conflicts of a run were decided after the run had moved on. */
  hasDecided(runId: number): boolean {
    return (this.#decided.get(runId)?.length ?? 0) > 0;
  }

  takeDecided(runId: number): readonly ConflictRef[] {
    const decided = this.#decided.get(runId) ?? [];
    this.#decided.delete(runId);
    return decided.map(({ ref }) => ref);
  }

  /** Drops the wake-ups of a run that does not return to its conflicts. A later run applies the decisions. */
  wakeFor(runId: number): void {
    const decided = this.#decided.get(runId) ?? [];
    this.#decided.delete(runId);
    for (const { wake } of decided) wake();
  }

  /** Waits until a conflict is decided, no question is open any more, or the signal aborts. */
  nextDecision(runId: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!signal.aborted && !this.hasDecided(runId) && this.isWaitingFor(runId)) return;
        this.#listeners.delete(look);
        signal.removeEventListener('abort', look);
        resolve();
      };
      this.#listeners.add(look);
      signal.addEventListener('abort', look, { once: true });
      look();
    });
  }

  /** Whether an earlier question of the resolver has no run waiting for it. */
  #isLeft(resolver: ConflictResolver): boolean {
    return [...this.#questions.values()].some((question) => question.resolver === resolver && question.isLeft);
  }

  /** Other questions came first. The conflict may have changed or disappeared meanwhile. */
  async #consultLater(question: Question, resolver: ConflictResolver): Promise<void> {
    const stored = await this.store.conflicts().catch(() => []);
    const current = stored.find(({ conflict }) => keyOf(conflict) === keyOf(question.ref));
    if (current === undefined || current.state === 'decided') {
      this.#forget(question);
      return;
    }
    question.conflict = current.conflict;
    await this.#consult(question, resolver);
  }

  async #consult(question: Question, resolver: ConflictResolver): Promise<void> {
    question.answer = await answerOf(question.conflict, resolver);
    if (!question.isAwaited) await this.#keep(question, question.answer);
  }

  /** No caller waits any more. The answer becomes a stored decision, which a run applies. */
  async #keep(question: Question, { resolution, failed }: ResolverAnswer): Promise<void> {
    const { conflict, runId, asker } = question;
    if (!asker.isAlive()) {
      // The engine has ended and no longer uses the database. The question is asked again after a restart.
      this.#forget(question);
      return;
    }
    try {
      if (failed !== undefined) this.#failures.set(conflict.opId, failed);
      const ref = await this.store.decideConflict(conflict.opId, resolution, { decidedOn: conflict.serverTimestamp });
      const isRunning = asker.isRunning(runId);
      const wake = (): void => asker.wake(ref, resolution);
      if (isRunning) this.#decided.set(runId, [...(this.#decided.get(runId) ?? []), { ref, wake }]);
      this.#forget(question);
      if (!isRunning) wake();
    } catch (error) {
      this.#failures.delete(conflict.opId);
      // The conflict was decided otherwise, has changed or is gone, so the answer is dropped. An answer that could not
      // be stored for another reason waits for the next run.
      if (error instanceof ValidationError) this.#forget(question);
      else this.#tell();
    }
  }

  #forget(question: Question): void {
    if (this.#questions.get(keyOf(question.ref)) === question) this.#questions.delete(keyOf(question.ref));
    this.#tell();
  }

  #tell(): void {
    for (const listener of [...this.#listeners]) listener();
  }
}

/** Calls the resolver with a copy, so that it cannot modify the conflict. Never rejects. */
async function answerOf(conflict: Conflict, resolver: ConflictResolver): Promise<ResolverAnswer> {
  try {
    return { resolution: await resolver(copyData(conflict)) };
  } catch (error) {
    return {
      resolution: defer(),
      failed: `The conflict resolver failed: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}
