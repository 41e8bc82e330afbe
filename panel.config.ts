import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vite';

const pathOf = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** Builds the page that `startInspector` serves, with all its packages in it. */
export default defineConfig({
  publicDir: false,
  plugins: [
    {
      name: 'layout-engine',
      enforce: 'pre',
      // The inspector serves the file that the entry `synchart/devtools` loads as well.
      resolveId: (id) => (id === './elk.ts' ? { id: '/elk.js', external: true } : undefined),
    },
  ],
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
