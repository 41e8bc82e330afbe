import type { ReactNode } from 'react';
import { usePanelState } from './panel-context.tsx';
import { EmptyState } from '../parts/empty-state.tsx';
import { Problem } from '../parts/problem.tsx';

export interface UnreadableProps {
  /** What cannot be shown, such as `The outbox`. */
  readonly what: string;
  readonly error: string;
  readonly onAgain: () => void;
}

/** In the place of what the engine could not tell: why, and another try while there is somebody to ask. */
export function Unreadable({ what, error, onAgain }: UnreadableProps): ReactNode {
  const { connection } = usePanelState();
  return (
    <EmptyState title={`${what} cannot be read`}>
      <Problem text={error} />
      {connection === 'connected' && (
        <button type="button" className="sc-button" onClick={onAgain}>
          Try again
        </button>
      )}
    </EmptyState>
  );
}
