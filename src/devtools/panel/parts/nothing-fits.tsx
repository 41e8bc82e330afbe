import type { ReactNode } from 'react';
import { EmptyState } from './empty-state.tsx';

export interface NothingFitsProps {
  readonly isFiltered: boolean;
  /** What is looked for, such as `call`. */
  readonly what: string;
  /** Said where there is none at all. */
  readonly title: string;
  readonly children: ReactNode;
}

/** In the place of an empty list: there is nothing, or nothing that fits the filter. */
export const NothingFits = ({ isFiltered, what, title, children }: NothingFitsProps): ReactNode =>
  isFiltered ? (
    <EmptyState title={`No ${what} fits`}>
      <p>Widen the filter to see the others.</p>
    </EmptyState>
  ) : (
    <EmptyState title={title}>
      <p>{children}</p>
    </EmptyState>
  );
