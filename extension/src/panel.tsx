/** The page of the panel, as `devtools.ts` adds it. */
import { createElement } from 'react';
import { createRoot } from 'react-dom/client';
import { ExtensionPanel } from './extension-panel.tsx';
import { createInspectedPage } from './inspected-page.ts';
import { evaluateInPage, watchDocuments } from './inspected-window.ts';
import { createPageWatch } from './page-watch.ts';

const watch = createPageWatch(createInspectedPage(evaluateInPage, watchDocuments()));
const place = document.querySelector('#panel');
if (place !== null) {
  const root = createRoot(place);
  const { panels } = chrome.devtools;
  const render = (theme: string): void =>
    root.render(createElement(ExtensionPanel, { watch, theme: theme === 'dark' ? 'dark' : 'light' }));
  render(panels.themeName);
  panels.setThemeChangeHandler?.(render);
}

// From our own devtools page, which alone knows whether the panel is looked at.
addEventListener('message', ({ origin, data }: MessageEvent<unknown>) => {
  if (origin !== location.origin) return;
  if (data === 'shown') watch.start();
  if (data === 'hidden') watch.stop();
});
addEventListener('pagehide', () => watch.stop());
watch.start();
