import type { ReactNode } from 'react';

export interface SelectFieldProps<Value extends string> {
  readonly label: string;
  readonly value: Value;
  /** Value and text; '' is "all". */
  readonly options: readonly (readonly [value: Value, text: string])[];
  readonly onChange: (value: Value) => void;
}

/** One of several. */
export const SelectField = <Value extends string>({
  label,
  value,
  options,
  onChange,
}: SelectFieldProps<Value>): ReactNode => (
  <select
    className="sc-input"
    aria-label={label}
    value={value}
    onChange={({ target }) => {
      const chosen = options.find(([option]) => option === target.value);
      if (chosen !== undefined) onChange(chosen[0]);
    }}
  >
    {options.map(([option, text]) => (
      <option key={option} value={option}>
        {text}
      </option>
    ))}
  </select>
);
