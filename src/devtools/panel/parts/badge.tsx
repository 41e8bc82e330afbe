import type { ReactNode } from 'react';
import type { Tone } from '../../views/words/phase-tone.ts';

/** A short word in the colour of its meaning. */
export const Badge = ({
  tone,
  title,
  children,
}: {
  readonly tone: Tone;
  readonly title?: string | undefined;
  readonly children: ReactNode;
}): ReactNode => (
  <span className="sc-badge" data-tone={tone} title={title}>
    {children}
  </span>
);

export const Dot = ({ tone }: { readonly tone: Tone }): ReactNode => (
  <span className="sc-dot" data-tone={tone} aria-hidden="true" />
);
