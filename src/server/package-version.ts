import { createRequire } from 'node:module';

/** The version of the installed package. Its `package.json` is found by name: sources and built files lie at different depths. */
export function packageVersion(): string {
  const { version } = createRequire(import.meta.url)('synchart/package.json') as { readonly version: string };
  return version;
}
