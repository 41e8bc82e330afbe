import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import type { DevtoolsClient } from '../client/devtools-client.ts';
import { SyncPanel } from '../panel/sync-panel.tsx';

/**
 * Shows the panel in a window of its own, which lives as long as its page. Returns false where the browser does not
 * allow one.
 */
export function openPanelWindow(
  client: DevtoolsClient,
  { theme, nonce }: { readonly theme?: 'light' | 'dark' | undefined; readonly nonce?: string | undefined },
): boolean {
  const opened = globalThis.open('', 'synchart-devtools', 'popup,width=960,height=640');
  if (opened === null) return false;
  const { document } = opened;
  document.title = 'synchart devtools';
  document.body.replaceChildren();
  document.body.style.margin = '0';
  const frame = document.createElement('div');
  frame.style.blockSize = '100vh';
  document.body.append(frame);
  const root = createRoot(frame);
  root.render(createElement(SyncPanel, { client, theme, nonce }));
  const closePopup = (): void => opened.close();
  globalThis.addEventListener('pagehide', closePopup, { once: true });
  opened.addEventListener('pagehide', () => {
    globalThis.removeEventListener('pagehide', closePopup);
    root.unmount();
  });
  return true;
}
