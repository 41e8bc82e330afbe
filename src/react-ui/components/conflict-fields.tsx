import { useId, type ReactNode } from 'react';
import type { Json } from '../../model/values/json.ts';
import type { FieldChoice } from '../../rules/merging/conflict-fields.ts';
import type { QuestionField } from '../headless/use-conflict-dialog.ts';
import { ValueInput } from '../parts/value-input.tsx';
import type { RecordVoice } from '../words/record-words.ts';
import type { SyncUiWords } from '../words/ui-words.ts';

interface FieldsProps {
  readonly kind: string;
  /** Nothing can be chosen: the fields only show what differs. */
  readonly isFixed: boolean;
  readonly words: SyncUiWords;
  readonly voice: RecordVoice;
  readonly onChoose: (field: string, choice: FieldChoice) => void;
  readonly onWrite: (field: string, text: string) => void;
}

/** The fields of a conflict: those that both sides changed, then the others on request. */
export function ConflictFields(props: FieldsProps & { readonly fields: readonly QuestionField[] }): ReactNode {
  const { fields, ...shared } = props;
  const contested = fields.filter(({ isContested }) => isContested);
  const others = fields.filter(({ isContested }) => !isContested);
  const { words } = props;
  return (
    <div className="synchart-fields">
      {contested.map((field) => (
        <FieldChooser key={field.name} field={field} {...shared} />
      ))}
      {contested.length === 0 && others.map((field) => <FieldChooser key={field.name} field={field} {...shared} />)}
      {contested.length > 0 && others.length > 0 && (
        <details className="synchart-more">
          <summary>{words.conflict.uncontested(others.length)}</summary>
          <p className="synchart-quiet">{words.conflict.mergedHint}</p>
          {others.map((field) => (
            <FieldChooser key={field.name} field={field} {...shared} />
          ))}
        </details>
      )}
    </div>
  );
}

function FieldChooser(props: FieldsProps & { readonly field: QuestionField }): ReactNode {
  const { field, kind, isFixed, words, voice, onChoose, onWrite } = props;
  const { name, choice } = field;
  const group = useId();
  const label = voice.label(name, kind);
  const sides: readonly (readonly [FieldChoice, string, Json | undefined])[] = [
    ['base', words.conflict.before, field.base],
    ['local', words.conflict.mine, field.local],
    ['server', words.conflict.theirs, field.server],
  ];
  const known = sides.filter(([, , value]) => value !== undefined);
  if (isFixed)
    return (
      <dl className="synchart-sides">
        <dt>{label}</dt>
        {known.map(([side, heading, value]) => (
          <dd key={side} data-side={side}>
            <span className="synchart-side-name">{heading}</span> <span>{voice.value(value, name, kind)}</span>
          </dd>
        ))}
      </dl>
    );
  return (
    <fieldset className="synchart-choice">
      <legend>{label}</legend>
      <div className="synchart-options">
        {known.map(([side, heading, value]) => (
          <label key={side} className="synchart-option" data-taken={choice === side}>
            <input type="radio" name={group} checked={choice === side} onChange={() => onChoose(name, side)} />
            <span className="synchart-side-name">{heading}</span>
            <span className="synchart-side-value">{voice.value(value, name, kind)}</span>
          </label>
        ))}
        <div className="synchart-option" data-taken={choice === 'own'}>
          <label className="synchart-own">
            <input type="radio" name={group} checked={choice === 'own'} onChange={() => onChoose(name, 'own')} />
            <span className="synchart-side-name">{words.conflict.own}</span>
          </label>
          {choice === 'own' && (
            <ValueInput
              label={words.conflict.ownValue(label)}
              shape={field.shape}
              text={field.ownText}
              problem={field.problem}
              words={words.values}
              onWrite={(text) => onWrite(name, text)}
            />
          )}
        </div>
      </div>
    </fieldset>
  );
}
