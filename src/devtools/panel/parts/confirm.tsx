import { useEffect, useRef, type ReactNode } from 'react';

export interface ConfirmProps {
  readonly title: string;
  readonly action: string;
  readonly children: ReactNode;
  /** Nothing is given up by it. */
  readonly isHarmless?: boolean | undefined;
  readonly onConfirm: () => void;
  readonly onCancel: () => void;
}

/** Asks before something that counts. Escape cancels. */
export function Confirm({ title, action, children, isHarmless = false, onConfirm, onCancel }: ConfirmProps): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const shown = dialog.current;
    if (shown !== null && !shown.open) shown.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} className="sc-dialog" aria-label={title} onCancel={onCancel}>
      <div className="sc-section">
        <h2>{title}</h2>
        {children}
      </div>
      <div className="sc-actions">
        <button type="button" className={isHarmless ? 'sc-button primary' : 'sc-button danger'} onClick={onConfirm}>
          {action}
        </button>
        <button type="button" className="sc-button" onClick={onCancel}>
          Cancel
        </button>
      </div>
    </dialog>
  );
}
