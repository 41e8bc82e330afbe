import type { ReactNode } from 'react';

/** Says why there is nothing to see, and what would change that. */
export const EmptyState = ({
  title,
  children,
}: {
  readonly title: string;
  readonly children?: ReactNode;
}): ReactNode => (
  <div className="sc-empty">
    <h2>{title}</h2>
    {children}
  </div>
);
