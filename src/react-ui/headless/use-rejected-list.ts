import { useEffect, useMemo, useRef, useState } from 'react';
import type { SyncEngine } from '../../engine/api/sync-engine.ts';
import { internalsOf } from '../../engine/core/engine-internals.ts';
import type { QueuedOperation } from '../../model/queue.ts';
import type { Json, JsonObject } from '../../model/values/json.ts';
import { useStores } from '../../react/sync-provider.ts';
import { useRejected } from '../../react/use-queue.ts';
import { withoutReasons } from '../../rules/answers/outcome.ts';
import { deepEqual } from '../../rules/values/deep-equal.ts';
import { isSystemField } from '../../rules/values/system-fields.ts';
import { readText, shapeOf, toText, type FieldShape } from './field-text.ts';
import { messageOf, once, useDone, type DoneModel } from './use-done.ts';

/** What was done with a refused change. */
export interface HandledRejection {
  readonly operation: QueuedOperation;
  /** The change's data, as wire JSON. */
  readonly data: JsonObject;
  readonly outcome: 'sent' | 'dropped';
  /** Makes a dropped change again. A second call does nothing. */
  readonly undo?: (() => Promise<void>) | undefined;
}

export interface RejectedListOptions {
  /** Hears of each change that was sent again or dropped. With it, the app offers to undo. */
  readonly onHandled?: ((handled: HandledRejection) => void) | undefined;
}

export interface RejectedListModel extends DoneModel<HandledRejection> {
  /** Changes that the server refused, and those of which nobody knows whether they arrived; the oldest 200. */
  readonly rejected: readonly QueuedOperation[];
  readonly tell: (handled: HandledRejection) => void;
}

/** The refused changes, and what was done last. Draws nothing; {@link useRejectedEdit} repairs one of them. */
export function useRejectedList({ onHandled }: RejectedListOptions = {}): RejectedListModel {
  const { tell, ...doneModel } = useDone<HandledRejection>();
  return { ...doneModel, rejected: useRejected(), tell: onHandled ?? tell };
}

/** A field of a refused change. */
export interface RejectedField {
  readonly name: string;
  /** What the server says of it. */
  readonly reason?: string | undefined;
  readonly shape: FieldShape;
  readonly text: string;
  readonly problem?: 'notANumber' | 'notJson' | undefined;
}

export interface RejectedEditModel {
  /** Fields that the server complained of, else those that were changed. Empty while they are read, and for deletions. */
  readonly fields: readonly RejectedField[];
  readonly isReading: boolean;
  /** The change's data, as wire JSON: what names the record. */
  readonly data: JsonObject;
  readonly isDeletion: boolean;
  /** Nobody knows whether the server has it. */
  readonly isAmbiguous: boolean;
  /** What the server said, without the reasons of single fields. */
  readonly reason: string | undefined;
  readonly isBusy: boolean;
  readonly problem: string | undefined;
  write(field: string, text: string): void;
  /** Corrects the change and sends it again. Never rejects: `problem` says what failed. */
  send(): Promise<void>;
  /** Gives the change up. Never rejects. */
  drop(): Promise<void>;
}

interface Read {
  readonly data: JsonObject;
  readonly changed: readonly string[];
}

const nothingRead: Read = { data: {}, changed: [] };

/** Repairs one refused change. `tell` hears what was done. */
export function useRejectedEdit(
  operation: QueuedOperation,
  tell: (handled: HandledRejection) => void,
): RejectedEditModel {
  const stores = useStores('useRejectedEdit');
  const engine = stores?.engine;
  const { opId, parkedFor, type, lastError, errorFields } = operation;
  const [read, setRead] = useState<Read>();
  const [texts, setTexts] = useState<Readonly<Record<string, string>>>({});
  const [isBusy, setIsBusy] = useState(false);
  const [problem, setProblem] = useState<string>();
  const busy = useRef(false);

  useEffect(() => {
    if (engine === undefined) return;
    let isCurrent = true;
    readChange(engine, opId).then(
      (found) => {
        if (isCurrent) setRead(found);
      },
      (error: unknown) => {
        if (!isCurrent) return;
        setRead(nothingRead);
        setProblem(messageOf(error));
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [engine, opId]);

  const { data, changed } = read ?? nothingRead;
  const isDeletion = type === 'delete';
  const fields = useMemo(() => {
    if (read === undefined || isDeletion) return [];
    const named = Object.keys(errorFields ?? {});
    return (named.length > 0 ? named : changed).map((name): RejectedField => {
      const value = data[name];
      const shape = shapeOf([value]);
      const text = texts[name] ?? toText(value, shape);
      return { name, reason: errorFields?.[name], shape, text, problem: readText(text, shape, [value]).problem };
    });
  }, [read, isDeletion, errorFields, changed, data, texts]);

  const run = async (work: (engine: SyncEngine) => Promise<void>): Promise<void> => {
    if (engine === undefined || busy.current) return;
    busy.current = true;
    setIsBusy(true);
    setProblem(undefined);
    try {
      await work(engine);
    } catch (error) {
      setProblem(messageOf(error));
    } finally {
      busy.current = false;
      setIsBusy(false);
    }
  };

  return {
    fields,
    isReading: read === undefined,
    data,
    isDeletion,
    isAmbiguous: parkedFor === 'ambiguous',
    reason: lastError === undefined ? undefined : withoutReasons(lastError, errorFields),
    isBusy,
    problem,
    write: (field, text) => setTexts((before) => ({ ...before, [field]: text })),
    send: async () => {
      if (fields.some((field) => field.problem !== undefined)) return;
      await run(async (running) => {
        await sendAgain(running, operation, patchOf(fields, data));
        tell({ operation, data, outcome: 'sent' });
      });
    },
    drop: () =>
      run(async (running) => {
        const undo = await dropChange(running, operation);
        tell({ operation, data, outcome: 'dropped', undo });
      }),
  };
}

async function readChange(engine: SyncEngine, opId: string): Promise<Read> {
  const { inspection, detached = <T>(work: () => T): T => work() } = internalsOf(engine, 'useRejectedEdit');
  const found = await detached(async () => inspection?.operation(opId));
  const { payload: data = {}, changedFields } = found ?? {};
  return { data, changed: changedFields ?? Object.keys(data).filter((name) => !isSystemField(name)) };
}

/** What was changed in the form, by wire key. */
const patchOf = (fields: readonly RejectedField[], data: JsonObject): JsonObject =>
  Object.fromEntries(
    fields.flatMap(({ name, text, shape }): [string, Json][] => {
      const { value } = readText(text, shape, [data[name]]);
      return value === undefined || deepEqual(data[name] ?? null, value) ? [] : [[name, value]];
    }),
  );

async function sendAgain(
  engine: SyncEngine,
  { opId, kind, parkedFor }: QueuedOperation,
  patch: JsonObject,
): Promise<void> {
  const known = internalsOf(engine, 'useRejectedEdit').tableOf?.(kind);
  const entries = Object.entries(patch).map(([key, value]) => [known?.propertyOf(key) ?? key, value]);
  if (entries.length > 0) await engine.amend(opId, Object.fromEntries(entries));
  else if (parkedFor === undefined) await engine.sync({ pullKinds: [], whenPaused: 'reject' });
  else await engine.retryStuckOperations({ opIds: [opId] });
}

/** Gives a change up, with what was built on it; resolves with what makes all of it again. */
async function dropChange(engine: SyncEngine, { opId }: QueuedOperation): Promise<() => Promise<void>> {
  const count = await engine.dropStuckOperations({ opIds: [opId] });
  if (count === 0) throw new Error('The change is being sent. Try again in a moment.');
  const dropped = (await engine.discarded()).slice(0, count);
  return once(async () => {
    for (const one of dropped.reverse()) await engine.undoDiscard(one.opId);
  });
}
