import { useRef, type ReactNode } from 'react';
import type { QueuedOperation } from '../../model/queue.ts';
import {
  useRejectedEdit,
  useRejectedList,
  type HandledRejection,
  type RejectedListOptions,
} from '../headless/use-rejected-list.ts';
import { DoneBar } from '../parts/done-bar.tsx';
import { rootClass, type UiProps } from '../parts/ui-props.ts';
import { ValueInput } from '../parts/value-input.tsx';
import { useWords } from '../words/complete-words.ts';
import { recordVoice, type RecordVoice, type RecordWords } from '../words/record-words.ts';
import type { SyncUiWords } from '../words/ui-words.ts';

export interface RejectedListProps extends UiProps, RejectedListOptions, RecordWords {}

/** Changes that the server refused, each with the reason at its field: correct and send it again, or give it up. */
export function RejectedList(props: RejectedListProps): ReactNode {
  const { words: given, theme, className } = props;
  const words = useWords(given);
  const voice = recordVoice(props, words);
  const model = useRejectedList(props);
  const root = useRef<HTMLDivElement>(null);
  const tell = (handled: HandledRejection): void => {
    model.tell(handled);
    // The form with the focus goes away.
    root.current?.focus();
  };
  return (
    <div ref={root} tabIndex={-1} className={rootClass('synchart-rejected', className)} data-theme={theme}>
      {model.rejected.length > 0 && (
        <ul>
          {model.rejected.map((operation) => (
            <li key={operation.opId} className="synchart-notice" data-tone="error">
              <Repair operation={operation} words={words} voice={voice} tell={tell} />
            </li>
          ))}
        </ul>
      )}
      <DoneBar
        model={model}
        words={words.done}
        describe={({ outcome, operation, data }) =>
          words.rejected[outcome](voice.title({ kind: operation.kind, id: operation.entityId, data }))
        }
      />
    </div>
  );
}

function Repair(props: {
  readonly operation: QueuedOperation;
  readonly words: SyncUiWords;
  readonly voice: RecordVoice;
  readonly tell: (handled: HandledRejection) => void;
}): ReactNode {
  const { operation, words, voice } = props;
  const { kind, entityId } = operation;
  const edit = useRejectedEdit(operation, props.tell);
  const { fields, isReading, isBusy, isAmbiguous, isDeletion, problem } = edit;
  const title = voice.title({ kind, id: entityId, data: edit.data });
  return (
    <form
      aria-label={(isDeletion ? words.rejected.deletion : words.rejected.title)(title)}
      onSubmit={(event) => {
        event.preventDefault();
        void edit.send();
      }}
    >
      <p role="alert">
        <strong>{(isDeletion ? words.rejected.deletion : words.rejected.title)(title)}</strong>{' '}
        {isAmbiguous ? words.rejected.ambiguous : edit.reason}
      </p>
      {isReading && <p className="synchart-quiet">{words.rejected.reading}</p>}
      {fields.map((field) => (
        <ValueInput
          key={field.name}
          label={voice.label(field.name, kind)}
          isLabelShown
          shape={field.shape}
          text={field.text}
          reason={field.reason}
          problem={field.problem}
          words={words.values}
          onWrite={(text) => edit.write(field.name, text)}
        />
      ))}
      {problem !== undefined && (
        <p role="alert" className="synchart-reason">
          {problem}
        </p>
      )}
      <div className="synchart-actions">
        <button type="button" className="synchart-button" aria-disabled={isBusy} onClick={() => void edit.drop()}>
          {words.rejected.drop}
        </button>
        <button
          type="submit"
          className="synchart-button synchart-primary"
          aria-disabled={isBusy || fields.some((field) => field.problem !== undefined)}
        >
          {fields.length === 0 ? words.rejected.retry : words.rejected.send}
        </button>
      </div>
    </form>
  );
}
