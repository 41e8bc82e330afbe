import type { Plugin } from 'vite';
import { panelStyles } from '../../src/devtools/panel/styles/panel-styles.ts';
import { extensionStyles } from '../src/extension-styles.ts';
import { drawIcon } from './draw-icon.ts';
import { manifestOf } from './manifest.ts';

const iconSizes = [16, 32, 48, 128];

/** Adds the files that are not code: the manifest and the icons. */
export const extensionFiles = (version: string): Plugin => ({
  name: 'synchart-extension-files',
  generateBundle() {
    const manifest = manifestOf({
      version,
      description: 'See what a synchart engine does, what waits, why, and what to press.',
      styles: [panelStyles, extensionStyles],
      iconSizes,
    });
    this.emitFile({ type: 'asset', fileName: 'manifest.json', source: `${JSON.stringify(manifest, null, 2)}\n` });
    for (const size of iconSizes)
      this.emitFile({ type: 'asset', fileName: `icon-${size}.png`, source: drawIcon(size) });
  },
});
