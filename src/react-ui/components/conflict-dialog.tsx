import { useRef, type ReactNode } from 'react';
import {
  useConflictDialog,
  type ConflictDialogModel,
  type ConflictDialogOptions,
  type ConflictQuestion,
} from '../headless/use-conflict-dialog.ts';
import { DialogFrame } from '../parts/dialog-frame.tsx';
import { DoneBar } from '../parts/done-bar.tsx';
import { rootClass, type UiProps } from '../parts/ui-props.ts';
import { useWords } from '../words/complete-words.ts';
import { recordVoice, type RecordVoice, type RecordWords } from '../words/record-words.ts';
import type { ConflictChoice, SyncUiWords } from '../words/ui-words.ts';
import type { Conflict } from '../../model/conflict.ts';
import { ConflictFields } from './conflict-fields.tsx';

export interface ConflictDialogProps extends UiProps, ConflictDialogOptions, RecordWords {
  /** Whether to say that conflicts wait, with a button that opens the dialog. Default true. */
  readonly notice?: boolean | undefined;
}

/** Says that conflicts wait, lets a person decide them one after another, and offers to undo. */
export function ConflictDialog(props: ConflictDialogProps): ReactNode {
  const { words: given, theme, className, notice = true } = props;
  const words = useWords(given);
  const voice = recordVoice(props, words);
  const model = useConflictDialog(props);
  const { question, count } = model;
  const root = useRef<HTMLDivElement>(null);
  return (
    <div ref={root} tabIndex={-1} className={rootClass('synchart-conflicts', className)} data-theme={theme}>
      {notice && count > 0 && (
        <div className="synchart-notice" data-tone="conflict" role="status">
          <p>
            <strong>{words.conflict.notice(count)}</strong> {words.conflict.noticeHint}
          </p>
          <div className="synchart-actions">
            <button
              type="button"
              className="synchart-button synchart-primary"
              aria-haspopup="dialog"
              onClick={model.open}
            >
              {words.conflict.open}
            </button>
          </div>
        </div>
      )}
      <DoneBar
        model={model}
        words={words.done}
        describe={({ conflict, choice }) => words.conflict.decided[choice](titleOf(conflict, voice))}
      />
      <DialogFrame
        isOpen={question !== undefined}
        onClose={model.later}
        isModal
        title={question === undefined ? '' : words.conflict.title(titleOf(question.conflict, voice))}
        description={question && words.conflict.situations[question.situation]}
        aside={question && <Pager question={question} model={model} words={words} />}
        fallbackFocus={root}
        shown={question && `${question.conflict.kind} ${question.conflict.entityId}`}
        theme={theme}
        className="synchart-modal"
      >
        {question && <Question question={question} model={model} words={words} voice={voice} />}
      </DialogFrame>
    </div>
  );
}

const titleOf = ({ kind, entityId, localData, serverData, baseData }: Conflict, voice: RecordVoice): string =>
  voice.title({ kind, id: entityId, data: { ...serverData, ...baseData, ...localData } });

interface PartProps {
  readonly question: ConflictQuestion;
  readonly model: ConflictDialogModel;
  readonly words: SyncUiWords;
}

const Pager = ({ question, model, words: { conflict } }: PartProps): ReactNode =>
  model.count < 2 ? null : (
    <div className="synchart-pager">
      <button
        type="button"
        className="synchart-button synchart-plain"
        aria-label={conflict.previous}
        onClick={() => model.go(-1)}
      >
        <span aria-hidden="true">‹</span>
      </button>
      <span>{conflict.position(question.position, model.count)}</span>
      <button
        type="button"
        className="synchart-button synchart-plain"
        aria-label={conflict.next}
        onClick={() => model.go(1)}
      >
        <span aria-hidden="true">›</span>
      </button>
    </div>
  );

function Question({ question, model, words, voice }: PartProps & { readonly voice: RecordVoice }): ReactNode {
  const { conflict, situation, fields, isGone, isRenewed } = question;
  const { problem, isBlocked, count } = model;
  const canMerge = situation === 'edited' && fields.length > 0;
  const isReadable = !fields.some((field) => field.problem !== undefined);
  const decider = (choice: ConflictChoice, label: string, isPrimary = false): ReactNode => (
    <button
      type="button"
      className={`synchart-button${isPrimary ? ' synchart-primary' : ''}`}
      aria-disabled={isBlocked || (choice === 'merged' && !isReadable)}
      // The browser counts the clicks of a double click.
      onClick={({ detail }) => {
        if (detail < 2) void model.decide(choice);
      }}
    >
      {label}
    </button>
  );
  const said = isGone ? words.conflict.gone : isRenewed ? words.conflict.renewed : undefined;
  return (
    <>
      {said !== undefined && (
        <p role="status" className="synchart-hint">
          {said}
        </p>
      )}
      <ConflictFields
        fields={fields}
        kind={conflict.kind}
        isFixed={!canMerge || isGone}
        words={words}
        voice={voice}
        onChoose={model.choose}
        onWrite={model.write}
      />
      {problem !== undefined && (
        <p role="alert" className="synchart-reason">
          {problem}
        </p>
      )}
      <footer className="synchart-dialog-foot">
        <button type="button" className="synchart-button synchart-plain" onClick={model.later}>
          {words.conflict.later}
        </button>
        {isGone ? (
          count > 0 && (
            <button type="button" className="synchart-button synchart-primary" onClick={() => model.go(0)}>
              {words.conflict.goOn}
            </button>
          )
        ) : (
          <div className="synchart-actions">
            {decider('theirs', words.conflict.keepTheirs[situation])}
            {decider('mine', words.conflict.keepMine[situation])}
            {canMerge && decider('merged', words.conflict.keepMerged, true)}
          </div>
        )}
      </footer>
    </>
  );
}
