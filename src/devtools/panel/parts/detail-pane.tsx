import type { ReactNode } from 'react';
import { IconButton } from './icon-button.tsx';

export interface DetailPaneProps {
  /** What kind of thing is shown, for screen readers. */
  readonly label: string;
  readonly title: string;
  readonly onClose: () => void;
  readonly className?: string | undefined;
  readonly children: ReactNode;
}

/** What is told about the one thing that was chosen, beside the list or below it. */
export const DetailPane = ({ label, title, onClose, className, children }: DetailPaneProps): ReactNode => (
  <aside className={className === undefined ? 'sc-detail' : `sc-detail ${className}`} aria-label={label}>
    <header className="sc-detail-head">
      <h2 className="clip" title={title}>
        {title}
      </h2>
      <IconButton icon="close" label="Close" onClick={onClose} />
    </header>
    {children}
  </aside>
);
