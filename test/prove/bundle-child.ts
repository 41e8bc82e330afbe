import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('../../', import.meta.url));
const built = new Map<string, Promise<string>>();

/**
 * Builds a script of this folder into one file, once: a process that starts a hundred times should not transform its
 * sources each time.
 */
export function bundleChild(script: string): Promise<string> {
  const known = built.get(script);
  if (known !== undefined) return known;
  // Below node_modules, so that packages are found from there; by process, since tests run side by side.
  const outDir = fileURLToPath(new URL(`../../node_modules/.cache/synchart-prove/${process.pid}/`, import.meta.url));
  const name = script.replace(/\.ts$/, '.mjs');
  const path = build({
    root,
    configFile: false,
    logLevel: 'error',
    build: {
      ssr: fileURLToPath(new URL(script, import.meta.url)),
      outDir,
      emptyOutDir: false,
      minify: false,
      target: 'node20',
      rollupOptions: { output: { entryFileNames: name, format: 'es', codeSplitting: false } },
    },
    ssr: { noExternal: [/^(rxjs|xstate|axios)/] },
  }).then(() => `${outDir}${name}`);
  built.set(script, path);
  return path;
}
