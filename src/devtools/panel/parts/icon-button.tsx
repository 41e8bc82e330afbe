import type { ReactNode } from 'react';
import { Icon, type IconName } from './icon.tsx';

export interface IconButtonProps {
  readonly icon: IconName;
  /** Said to screen readers, and shown on hover. */
  readonly label: string;
  readonly onClick: () => void;
  readonly disabled?: boolean | undefined;
  /** Of a switch: whether it is on. */
  readonly pressed?: boolean | undefined;
}

/** A button that shows a drawing only. */
export const IconButton = ({ icon, label, onClick, disabled, pressed }: IconButtonProps): ReactNode => (
  <button
    type="button"
    className="sc-button plain icon"
    aria-label={label}
    title={label}
    onClick={onClick}
    disabled={disabled}
    aria-pressed={pressed}
  >
    <Icon name={icon} />
  </button>
);
