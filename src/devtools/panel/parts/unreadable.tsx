import type { ReactNode } from 'react';
import { EmptyState } from './empty-state.tsx';
import { Problem } from './problem.tsx';

export interface UnreadableProps {
  /** What cannot be shown, such as `The outbox`. */
  readonly what: string;
  readonly error: string;
  readonly onAgain: () => void;
}

/** In the place of what the engine could not tell: why, and another try. */
export const Unreadable = ({ what, error, onAgain }: UnreadableProps): ReactNode => (
  <EmptyState title={`${what} cannot be read`}>
    <Problem text={error} />
    <button type="button" className="sc-button" onClick={onAgain}>
      Try again
    </button>
  </EmptyState>
);
