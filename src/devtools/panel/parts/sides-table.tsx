import type { ReactNode } from 'react';
import type { Json } from '../../../model/values/json.ts';
import { showValue } from '../../views/conflict-model.ts';

export interface SidesTableProps {
  readonly label: string;
  readonly className: string;
  /** The first is that of the fields' names. */
  readonly headings: readonly string[];
  readonly children: ReactNode;
}

/**
 * The fields of a record from several sides: a row for each. Roles are said: in a narrow panel the cells stand below
 * each other, and are a table none the less.
 */
export const SidesTable = ({ label, className, headings, children }: SidesTableProps): ReactNode => (
  <div className="sc-table-frame" tabIndex={0} role="group" aria-label={label}>
    <table className={`${className} sc-stack`} role="table">
      <thead role="rowgroup">
        <tr role="row">
          {headings.map((heading) => (
            <th key={heading} scope="col" role="columnheader">
              {heading}
            </th>
          ))}
        </tr>
      </thead>
      <tbody role="rowgroup">{children}</tbody>
    </table>
  </div>
);

/** The name of a field, at the head of its row. */
export const FieldName = ({ name, children }: { readonly name: string; readonly children?: ReactNode }): ReactNode => (
  <th scope="row" role="rowheader">
    <span className="mono">{name}</span>
    {children}
  </th>
);

/** A longer text than this scrolls in its cell, so that the other fields stay in sight. */
const longText = 160;

export interface SideValueProps {
  readonly value: Json | undefined;
  readonly isChanged?: boolean | undefined;
  readonly note?: string | undefined;
}

/** What one side has in a field. */
export const SideValue = ({ value, isChanged = false, note }: SideValueProps): ReactNode => {
  const text = showValue(value);
  return (
    // What scrolls can be reached by keyboard.
    <span className="sc-side-value mono" tabIndex={text.length > longText ? 0 : undefined}>
      {text}
      {note !== undefined && <span className="quiet"> ({note})</span>}
      {isChanged && <span className="sr-only"> (changed)</span>}
    </span>
  );
};
