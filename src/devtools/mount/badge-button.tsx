import { forwardRef, useSyncExternalStore } from 'react';
import type { DevtoolsClient } from '../client/devtools-client.ts';
import { Badge, Dot } from '../panel/parts/badge.tsx';
import { hasFaults, statusModelOf } from '../views/status-model.ts';
import { phaseNames } from '../views/words/phase-tone.ts';

export interface BadgeButtonProps {
  readonly client: DevtoolsClient;
  readonly isOpen: boolean;
  readonly theme?: 'light' | 'dark' | undefined;
  readonly onClick: () => void;
}

/**
 * Opens the panel and shows the most important counts while it is closed. React 18 passes a ref only through
 * `forwardRef`.
 */
export const BadgeButton = forwardRef<HTMLButtonElement, BadgeButtonProps>(function BadgeButton(
  { client, isOpen, theme, onClick },
  ref,
) {
  const { view } = useSyncExternalStore(client.subscribe, client.getState, client.getState);
  const isFaulty = view !== undefined && hasFaults(view);
  const { pending: going = 0, stuck = 0, conflicts = 0, phase = 'starting' } = view?.status ?? {};
  // As in the panel, the stuck ones are among them.
  const pending = going + stuck;
  return (
    <div className="synchart sc-fab" data-theme={theme} hidden={isOpen}>
      <button
        type="button"
        ref={ref}
        aria-expanded={isOpen}
        onClick={onClick}
        aria-label={`synchart: ${phaseNames[phase]}, ${pending} pending, ${stuck} stuck, ${conflicts} conflicts${isFaulty ? ', faults on' : ''}`}
      >
        <Dot tone={view === undefined ? 'idle' : statusModelOf(view, view.at).tone} />
        sync
        {pending > 0 && <Badge tone="info">{pending}</Badge>}
        {conflicts > 0 && <Badge tone="conflict">{conflicts}</Badge>}
        {stuck > 0 && <Badge tone="error">{stuck}</Badge>}
        {isFaulty && <Badge tone="error">faults on</Badge>}
      </button>
    </div>
  );
});
