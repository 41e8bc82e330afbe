import { useId, type ReactNode } from 'react';
import type { Json } from '../../../model/values/json.ts';
import type { ConflictField, FieldChoice } from '../../../rules/merging/conflict-fields.ts';
import { deltaText } from '../../views/words/describe-delta.ts';
import { Badge } from '../parts/badge.tsx';
import { FieldName, SideValue } from '../parts/sides-table.tsx';

export interface ConflictFieldRowProps {
  readonly field: ConflictField;
  readonly choice: FieldChoice;
  /** Text of the own value. */
  readonly own: string;
  readonly isReadOnly: boolean;
  readonly onChoose: (name: string, choice: FieldChoice) => void;
  readonly onWrite: (name: string, text: string) => void;
}

/** A field on all sides. Whose value is taken, is chosen by its cell; or another one is written. */
export function ConflictFieldRow({
  field,
  choice,
  own,
  isReadOnly,
  onChoose,
  onWrite,
}: ConflictFieldRowProps): ReactNode {
  const { name, base, local, server, changedHere, changedThere, isContested, deltas } = field;
  const group = useId();
  const side = (
    which: FieldChoice,
    heading: string,
    label: string,
    value: Json | undefined,
    isChanged = false,
    note?: string,
  ): ReactNode => (
    <td role="cell" data-label={heading} data-changed={isChanged} data-taken={choice === which}>
      <label className="sc-side">
        <input
          type="radio"
          name={group}
          aria-label={`${name}: take ${label}`}
          checked={choice === which}
          disabled={isReadOnly}
          onChange={() => onChoose(name, which)}
        />
        <SideValue value={value} isChanged={isChanged} note={note} />
      </label>
    </td>
  );
  return (
    <tr role="row">
      <FieldName name={name}>
        {isContested && (
          <>
            {' '}
            <Badge tone="conflict">both</Badge>
          </>
        )}
      </FieldName>
      {side('base', 'Before', 'the value before', base)}
      {side('local', 'Yours', 'yours', local, changedHere, deltas?.map(deltaText).join(', '))}
      {side('server', "Server's", "the server's", server, changedThere)}
      {!isReadOnly && (
        <td role="cell" data-label="Another value" data-taken={choice === 'own'}>
          <span className="sc-side">
            <input
              type="radio"
              name={group}
              aria-label={`${name}: take another value`}
              checked={choice === 'own'}
              onChange={() => onChoose(name, 'own')}
            />
            <input
              className="sc-input mono"
              aria-label={`Another value of ${name}, as JSON or text`}
              placeholder="JSON or text"
              value={own}
              onChange={(event) => onWrite(name, event.target.value)}
            />
          </span>
        </td>
      )}
    </tr>
  );
}
