import type { ReactNode } from 'react';

export interface SearchFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

/** A text to look for; its label is in the field. */
export const SearchField = ({ label, value, onChange }: SearchFieldProps): ReactNode => (
  <input
    type="search"
    className="sc-input"
    aria-label={label}
    placeholder={label}
    value={value}
    onChange={(event) => onChange(event.target.value)}
  />
);
