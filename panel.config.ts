import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds the page that `startInspector` serves, with all its packages in it. */
export default defineConfig({
  publicDir: false,
  logLevel: 'warn',
  build: {
    outDir: pathOf('./dist/devtools-panel'),
    emptyOutDir: true,
    target: 'es2023',
    modulePreload: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    rolldownOptions: {
      input: pathOf('./src/devtools/inspector/panel-page.tsx'),
      output: { entryFileNames: 'page.js', chunkFileNames: '[name].js' },
    },
  },
});
