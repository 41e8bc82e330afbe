import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds the app from the sources of the package. An app of your own needs no alias: `synchart` is a dependency. */
export default defineConfig({
  root: pathOf('./app'),
  logLevel: 'error',
  resolve: {
    alias: [
      { find: /^synchart$/, replacement: pathOf('../../src/index.ts') },
      { find: /^synchart\/react\/ui$/, replacement: pathOf('../../src/react-ui.ts') },
      { find: /^synchart\/react\/ui\.css$/, replacement: pathOf('../../src/react-ui/styles/react-ui.css') },
      { find: /^synchart\/(\w+)$/, replacement: `${pathOf('../../src')}/$1.ts` },
    ],
  },
  worker: { format: 'es' },
  build: {
    outDir: pathOf('./dist'),
    emptyOutDir: true,
    target: 'es2023',
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1_500,
  },
});
