import { useEffect, useMemo, useRef, useState } from 'react';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { internalsOf } from '../../engine/core/engine-internals.ts';
import type { Conflict, StoredConflict } from '../../model/conflict.ts';
import { ConflictChangedError } from '../../model/conflict-changed-error.ts';
import type { JsonObject } from '../../model/values/json.ts';
import { useStores } from '../../react/sync-provider.ts';
import { useConflicts } from '../../react/use-queue.ts';
import { conflictFields, differs, mergedRow } from '../../rules/merging/conflict-fields.ts';
import type { ConflictField, FieldChoice, FieldChoices } from '../../rules/merging/conflict-fields.ts';
import type { ConflictChoice, ConflictSituation } from '../words/ui-words.ts';
import { readText, shapeOf, toText, type FieldShape } from './field-text.ts';
import { resolutionOf, undoDecision } from './undo-decision.ts';
import { messageOf, once, useDone, type DoneModel } from './use-done.ts';

/** A decision that was made. */
export interface DecidedConflict {
  readonly conflict: Conflict;
  readonly choice: ConflictChoice;
  /** Takes the decision back. Rejects where that is not possible any more; a second call does nothing. */
  readonly undo: () => Promise<void>;
}

/** A field of the question, and what is chosen for it. */
export interface QuestionField extends ConflictField {
  readonly choice: FieldChoice;
  readonly shape: FieldShape;
  /** The text of another value. */
  readonly ownText: string;
  /** Why the other value cannot be read. */
  readonly problem?: 'notANumber' | 'notJson' | undefined;
}

/** The conflict on the screen. */
export interface ConflictQuestion {
  readonly conflict: Conflict;
  readonly situation: ConflictSituation;
  /** Fields on which the sides differ: those that both changed first. */
  readonly fields: readonly QuestionField[];
  /** 1 for the oldest. */
  readonly position: number;
  /** The server's version is another one than when the question was first shown. */
  readonly isRenewed: boolean;
  /** Somebody else decided it. Nothing can be decided any more. */
  readonly isGone: boolean;
}

export interface ConflictDialogOptions {
  /** Whether the dialog is open, where the app keeps that itself. */
  readonly open?: boolean | undefined;
  readonly onOpenChange?: ((open: boolean) => void) | undefined;
  /** Hears of each decision. With it, the app offers to undo. */
  readonly onDecided?: ((decided: DecidedConflict) => void) | undefined;
}

export interface ConflictDialogModel extends DoneModel<DecidedConflict> {
  /** Conflicts that wait for a person. Those that a strategy or a resolver decides at once do not come up. */
  readonly count: number;
  /** Undefined while the dialog is closed. */
  readonly question: ConflictQuestion | undefined;
  readonly isDeciding: boolean;
  /** Decisions are ignored: one is under way, the question has just changed, or it is gone. */
  readonly isBlocked: boolean;
  /** Why the last decision failed. */
  readonly problem: string | undefined;
  open(): void;
  /** Closes the dialog. The conflict waits. */
  later(): void;
  /** Shows the question that is so many places further. */
  go(places: number): void;
  choose(field: string, choice: FieldChoice): void;
  /** Writes another value for a field, and chooses it. */
  write(field: string, text: string): void;
  /** Decides the question. Never rejects: `problem` says what failed. */
  decide(choice: ConflictChoice): Promise<void>;
}

interface Asked {
  readonly stored: StoredConflict;
  readonly isRenewed: boolean;
  readonly choices: FieldChoices;
  readonly own: Readonly<Record<string, string>>;
}

const ask = (stored: StoredConflict, isRenewed = false): Asked => ({ stored, isRenewed, choices: {}, own: {} });
const recordOf = ({ conflict }: StoredConflict): string => JSON.stringify([conflict.kind, conflict.entityId]);
const versionOf = ({ conflict }: StoredConflict): string =>
  JSON.stringify([
    conflict.kind,
    conflict.entityId,
    conflict.opId,
    conflict.serverTimestamp,
    conflict.serverVersion,
    conflict.serverDeleted,
  ]);

/** How long a conflict waits before a person is bothered with it. */
const calmMs = 400;
/** The second tap of a double tap must not decide the next question. */
const settlingMs = 400;

/** Asks a person to decide conflicts, one after another. Draws nothing. */
export function useConflictDialog(options: ConflictDialogOptions = {}): ConflictDialogModel {
  const { open: givenOpen, onOpenChange, onDecided } = options;
  const stores = useStores('useConflictDialog');
  const listed = useConflicts();
  const [ownOpen, setOwnOpen] = useState(false);
  const [asked, setAsked] = useState<Asked>();
  const [decided, setDecided] = useState<ReadonlySet<string>>(new Set());
  const [isDeciding, setIsDeciding] = useState(false);
  const [isSettling, setIsSettling] = useState(false);
  const [problem, setProblem] = useState<string>();
  const isBusy = useRef(false);
  const { tell, ...doneModel } = useDone<DecidedConflict>();

  // The list follows a decision a moment later.
  const waiting = useMemo(() => listed.filter((stored) => !decided.has(versionOf(stored))), [listed, decided]);
  const isOpen = givenOpen ?? ownOpen;
  const now = asked && waiting.find((stored) => recordOf(stored) === recordOf(asked.stored));
  // What is on the screen stays there until the person moves on, whatever happens elsewhere.
  if (!isOpen && asked !== undefined) setAsked(undefined);
  else if (isOpen && asked === undefined && waiting[0] !== undefined) setAsked(ask(waiting[0]));
  else if (asked && now && versionOf(now) !== versionOf(asked.stored)) setAsked(ask(now, true));

  useEffect(() => {
    if (!isSettling) return;
    const timer = setTimeout(() => setIsSettling(false), settlingMs);
    return () => clearTimeout(timer);
  }, [isSettling]);

  const isSomeWaiting = waiting.length > 0;
  const [isCalm, setIsCalm] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsCalm(isSomeWaiting), isSomeWaiting ? calmMs : 0);
    return () => clearTimeout(timer);
  }, [isSomeWaiting]);

  const question = useMemo((): ConflictQuestion | undefined => {
    if (asked === undefined || !isOpen) return undefined;
    const { stored, isRenewed, choices, own } = asked;
    const index = waiting.findIndex((candidate) => recordOf(candidate) === recordOf(stored));
    // What the server deleted has no values that could be chosen.
    const { serverDeleted } = stored.conflict;
    const fields = conflictFields(stored.conflict)
      .filter((field) => (serverDeleted ? field.changedHere : differs(field)))
      .map((field) => (serverDeleted ? { ...field, server: undefined, isContested: false } : field));
    return {
      conflict: stored.conflict,
      situation: situationOf(stored.conflict),
      fields: fields.map((field) => questionField(field, choices[field.name], own[field.name])),
      position: Math.max(index, 0) + 1,
      isRenewed,
      isGone: index < 0 && !isDeciding,
    };
  }, [asked, isOpen, waiting, isDeciding]);

  const setOpen = (open: boolean): void => {
    setProblem(undefined);
    setOwnOpen(open);
    onOpenChange?.(open);
  };
  const show = (next: StoredConflict | undefined): void => {
    setProblem(undefined);
    setAsked(next && ask(next));
    if (next === undefined) setOpen(false);
    else setIsSettling(true);
  };
  const isBlocked = isDeciding || isSettling || question === undefined || question.isGone;

  const decide = async (choice: ConflictChoice): Promise<void> => {
    if (stores === null || asked === undefined || question === undefined || isBlocked || isBusy.current) return;
    if (choice === 'merged' && question.fields.some((field) => field.problem !== undefined)) return;
    const { stored } = asked;
    const { conflict } = stored;
    const { engine } = stores;
    isBusy.current = true;
    setIsDeciding(true);
    setProblem(undefined);
    try {
      if (!(await isStillAsked(engine, stored))) return;
      const decidedAt = internalsOf(engine, 'useConflictDialog').ports.clock.now();
      await engine.resolveConflict(
        conflict.opId,
        resolutionOf(choice, () => rowOf(conflict, asked, question)),
        { expected: conflict },
      );
      const version = versionOf(stored);
      setDecided((known) => new Set(known).add(version));
      const undo = once(async () => {
        await undoDecision(engine, conflict, choice, decidedAt);
        setDecided((known) => new Set([...known].filter((one) => one !== version)));
      });
      if (onDecided === undefined) tell({ conflict, choice, undo });
      else onDecided({ conflict, choice, undo });
      show(waiting.find((candidate) => versionOf(candidate) !== version));
    } catch (error) {
      if (error instanceof ConflictChangedError) {
        setAsked(ask({ ...stored, conflict: error.conflict }, true));
        return;
      }
      // Decided elsewhere in this very moment: the list says so.
      if (await isStillAsked(engine, stored).catch(() => true)) setProblem(messageOf(error));
    } finally {
      isBusy.current = false;
      setIsDeciding(false);
    }
  };

  return {
    ...doneModel,
    count: isCalm || isOpen ? waiting.length : 0,
    question,
    isDeciding,
    isBlocked,
    problem,
    open: () => setOpen(true),
    later: () => setOpen(false),
    go: (places) => {
      const at = question === undefined ? -1 : question.position - 1;
      // A question that is gone leaves its place to the next one.
      const next = question?.isGone === true ? waiting[0] : waiting.at((at + places) % waiting.length);
      if (!isBusy.current) show(next);
    },
    choose: (field, choice) =>
      setAsked((before) => before && { ...before, choices: { ...before.choices, [field]: choice } }),
    write: (field, text) =>
      setAsked(
        (before) =>
          before && {
            ...before,
            choices: { ...before.choices, [field]: 'own' },
            own: { ...before.own, [field]: text },
          },
      ),
    decide,
  };
}

function situationOf({ opType, serverDeleted, isCreation }: Conflict): ConflictSituation {
  if (opType === 'delete') return 'deletedHere';
  if (!serverDeleted) return 'edited';
  return isCreation === true ? 'createdHere' : 'deletedThere';
}

const sidesOf = ({ local, server, base }: ConflictField): readonly (ConflictField['local'] | undefined)[] => [
  local,
  server,
  base,
];

function questionField(field: ConflictField, chosen: FieldChoice | undefined, own: string | undefined): QuestionField {
  const choice = chosen ?? field.proposed;
  const shape = shapeOf(sidesOf(field));
  const ownText = own ?? toText(field.local ?? field.server, shape);
  const problem = choice === 'own' ? readText(ownText, shape, sidesOf(field)).problem : undefined;
  return { ...field, choice, shape, ownText, problem };
}

function rowOf(conflict: Conflict, { choices }: Asked, { fields }: ConflictQuestion): JsonObject {
  const asked = new Map(fields.map((field) => [field.name, field]));
  return mergedRow(conflictFields(conflict), choices, (field) => {
    const { ownText, shape } = asked.get(field.name) ?? questionField(field, 'own', undefined);
    return readText(ownText, shape, sidesOf(field)).value;
  });
}

/** Whether this very version still waits: a person decides on what is on the screen. */
async function isStillAsked(engine: SyncEngine, stored: StoredConflict): Promise<boolean> {
  return (await engine.conflicts()).some((one) => versionOf(one) === versionOf(stored));
}
