import type { ReactNode } from 'react';
import type { Json } from '../../../model/values/json.ts';

/** A value as indented text. */
export const JsonText = ({ value, label }: { readonly value: Json | undefined; readonly label: string }): ReactNode => (
  // A region that scrolls must be reachable by keyboard.
  <pre className="sc-json" tabIndex={0} role="group" aria-label={label}>
    {value === undefined ? '(nothing)' : JSON.stringify(value, undefined, 2)}
  </pre>
);
