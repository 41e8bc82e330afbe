import type { ReactNode } from 'react';
import type { Tone } from '../../views/phase-tone.ts';

/** A short word in the colour of its meaning. */
export const Badge = ({ tone, children }: { readonly tone: Tone; readonly children: ReactNode }): ReactNode => (
  <span className="sc-badge" data-tone={tone}>
    {children}
  </span>
);

export const Dot = ({ tone }: { readonly tone: Tone }): ReactNode => <span className="sc-dot" data-tone={tone} aria-hidden="true" />;
