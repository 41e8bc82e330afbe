import type { ReactNode } from 'react';
import { usePanelState } from './context/panel-context.tsx';
import { EmptyState } from './parts/empty-state.tsx';

/** Shows its content once an engine has told about itself; before that, what the panel waits for. */
export function EngineNeeded({ children }: { readonly children: ReactNode }): ReactNode {
  const { engine, connection, complaint } = usePanelState();
  if (engine !== undefined) return children;
  switch (connection) {
    case 'refused':
      return (
        <EmptyState title="The engine refused this panel">
          <p>{complaint}</p>
        </EmptyState>
      );
    case 'lost':
      return (
        <EmptyState title="The engine is gone">
          <p>{complaint ?? 'It told nothing before it went.'} A saved file can be opened at any time.</p>
        </EmptyState>
      );
    default:
      return (
        <EmptyState title="No engine yet">
          <p>What it does appears here as soon as it answers. A saved file can be opened at any time.</p>
        </EmptyState>
      );
  }
}
