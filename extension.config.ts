import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';
import { extensionFiles } from './extension/build/extension-files.ts';
import packageJson from './package.json' with { type: 'json' };

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds the browser extension, to be loaded unpacked from `dist-extension`. */
export default defineConfig({
  root: pathOf('./extension'),
  base: './',
  publicDir: false,
  logLevel: 'warn',
  plugins: [extensionFiles(packageJson.version)],
  build: {
    outDir: pathOf('./dist-extension'),
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_000,
    rolldownOptions: {
      input: { devtools: pathOf('./extension/devtools.html'), panel: pathOf('./extension/panel.html') },
      output: { entryFileNames: '[name].js', chunkFileNames: '[name].js', assetFileNames: '[name][extname]' },
    },
  },
});
