import type { ReactNode } from 'react';

export interface SelectFieldProps {
  readonly label: string;
  readonly value: string;
  /** Value and text; '' is "all". */
  readonly options: readonly (readonly [value: string, text: string])[];
  readonly onChange: (value: string) => void;
}

/** One of several. */
export const SelectField = ({ label, value, options, onChange }: SelectFieldProps): ReactNode => (
  <select className="sc-input" aria-label={label} value={value} onChange={(event) => onChange(event.target.value)}>
    {options.map(([option, text]) => (
      <option key={option} value={option}>
        {text}
      </option>
    ))}
  </select>
);
