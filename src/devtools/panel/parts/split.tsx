import type { ReactNode } from 'react';

/** A list, and beside it what is told about the one that was chosen; in a narrow panel below it. */
export const Split = ({
  detail,
  children,
}: {
  readonly detail: ReactNode;
  readonly children: ReactNode;
}): ReactNode => {
  const isOpen = detail !== undefined && detail !== null && detail !== false;
  return (
    <div className={isOpen ? 'sc-split open' : 'sc-split'}>
      {children}
      {detail}
    </div>
  );
};
