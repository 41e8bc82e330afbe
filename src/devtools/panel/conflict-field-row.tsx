import { useId, type ReactNode } from 'react';
import type { Json } from '../../model/json.ts';
import { showValue, type ConflictField, type FieldChoice } from '../views/conflict-model.ts';
import { Badge } from './parts/badge.tsx';

export interface ConflictFieldRowProps {
  readonly field: ConflictField;
  readonly choice: FieldChoice;
  /** Text of the own value. */
  readonly own: string;
  readonly isReadOnly: boolean;
  readonly onChoose: (name: string, choice: FieldChoice) => void;
  readonly onWrite: (name: string, text: string) => void;
}

const sides: readonly (readonly [choice: FieldChoice, label: string])[] = [
  ['local', 'yours'],
  ['server', "server's"],
  ['base', 'before'],
  ['own', 'own'],
];

/** A field on all sides, and whose value is taken. */
export function ConflictFieldRow({ field, choice, own, isReadOnly, onChoose, onWrite }: ConflictFieldRowProps): ReactNode {
  const { name, base, local, server, changedHere, changedThere, isContested } = field;
  const id = useId();
  return (
    <tr>
      <th scope="row">
        <span className="mono">{name}</span> {isContested && <Badge tone="conflict">both</Badge>}
      </th>
      <Side value={base} />
      <Side value={local} isChanged={changedHere} isTaken={choice === 'local'} />
      <Side value={server} isChanged={changedThere} isTaken={choice === 'server'} />
      <td>
        <fieldset className="sc-choice" disabled={isReadOnly}>
          <legend className="sr-only">Value of {name}</legend>
          {sides.map(([side, label]) => (
            <label key={side}>
              <input type="radio" name={id} checked={choice === side} onChange={() => onChoose(name, side)} />
              {label}
            </label>
          ))}
          {choice === 'own' && (
            <input
              className="sc-input mono"
              aria-label={`Own value of ${name}, as JSON or text`}
              value={own}
              onChange={(event) => onWrite(name, event.target.value)}
            />
          )}
        </fieldset>
      </td>
    </tr>
  );
}

const Side = ({
  value,
  isChanged = false,
  isTaken = false,
}: {
  readonly value: Json | undefined;
  readonly isChanged?: boolean;
  readonly isTaken?: boolean;
}): ReactNode => (
  <td className="mono" data-changed={isChanged} data-taken={isTaken}>
    {showValue(value)}
    {isChanged && <span className="sr-only"> (changed)</span>}
  </td>
);
