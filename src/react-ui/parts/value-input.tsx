import { useId, type ReactNode } from 'react';
import type { FieldShape } from '../headless/field-text.ts';
import type { SyncUiWords } from '../words/ui-words.ts';

/** An input for a value of a shape, with what is wrong about it. */
export function ValueInput(props: {
  readonly label: string;
  /** Shown above the input; without it only screen readers hear the label. */
  readonly isLabelShown?: boolean;
  readonly shape: FieldShape;
  readonly text: string;
  readonly reason?: string | undefined;
  readonly problem?: 'notANumber' | 'notJson' | undefined;
  readonly isDisabled?: boolean;
  readonly words: SyncUiWords['values'];
  readonly onWrite: (text: string) => void;
}): ReactNode {
  const { label, isLabelShown = false, shape, text, reason, problem, isDisabled = false, words, onWrite } = props;
  const id = useId();
  const isLong = shape === 'text' && (text.length > 80 || text.includes('\n'));
  const said = problem === undefined ? reason : words[problem];
  const shared = {
    id,
    className: 'synchart-input',
    'aria-invalid': said !== undefined,
    'aria-describedby': said === undefined ? undefined : `${id}-said`,
    ...(isLabelShown ? {} : { 'aria-label': label }),
    disabled: isDisabled,
    value: text,
  };
  return (
    <div className="synchart-field">
      {isLabelShown && <label htmlFor={id}>{label}</label>}
      {shape === 'flag' ? (
        <select {...shared} onChange={({ target }) => onWrite(target.value)}>
          <option value="true">{words.yes}</option>
          <option value="false">{words.no}</option>
        </select>
      ) : isLong ? (
        <textarea {...shared} rows={3} onChange={({ target }) => onWrite(target.value)} />
      ) : (
        <input
          {...shared}
          type="text"
          inputMode={shape === 'number' ? 'decimal' : undefined}
          onChange={({ target }) => onWrite(target.value)}
        />
      )}
      {said !== undefined && (
        <p id={`${id}-said`} className="synchart-reason">
          {said}
        </p>
      )}
    </div>
  );
}
