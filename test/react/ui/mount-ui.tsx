import { StrictMode, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import type { SyncEngine } from '../../../src/engine/api/sync-engine.ts';
import { SyncProvider } from '../../../src/react.ts';
import '../../../src/react-ui/styles/react-ui.css';

/** Shows components under a provider, in StrictMode and with their styles. */
export function mountUi(engine: SyncEngine, view: ReactNode): () => void {
  const element = document.createElement('div');
  document.body.append(element);
  const root = createRoot(element);
  root.render(
    <StrictMode>
      <SyncProvider engine={engine}>{view}</SyncProvider>
    </StrictMode>,
  );
  return () => {
    root.unmount();
    element.remove();
  };
}
