import { fileURLToPath } from 'node:url';

/** The releases of React that the panel promises to run on. The repository installs 19 under its own name. */
export type ReactRelease = '18' | '19';

interface Alias {
  readonly find: RegExp;
  readonly replacement: string;
}

const folderOf = (name: string): string => fileURLToPath(new URL(`../../node_modules/${name}`, import.meta.url));

/**
 * Aliases for Vite: on React 18, `react`, `react-dom` and all their subpaths lead to the packages `react-18` and
 * `react-dom-18`.
 */
export const reactAliases = (release: ReactRelease): readonly Alias[] =>
  release === '19'
    ? []
    : [
        { find: /^react(?=\/|$)/, replacement: folderOf('react-18') },
        { find: /^react-dom(?=\/|$)/, replacement: folderOf('react-dom-18') },
      ];
