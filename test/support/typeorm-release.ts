import { fileURLToPath } from 'node:url';

/** The releases of TypeORM that the store is tested with: the installed one, and others under a name of their own. */
export type TypeormRelease = '1.1' | '1.0' | '0.3';

declare module 'vitest' {
  interface ProvidedContext {
    typeorm: TypeormRelease;
  }
}

/** Names that lead to another release. */
export function typeormAliases(
  release: TypeormRelease,
): readonly { readonly find: RegExp; readonly replacement: string }[] {
  const folder = fileURLToPath(new URL(`../../node_modules/typeorm-${release}`, import.meta.url));
  return [
    { find: /^typeorm$/, replacement: `${folder}/index.mjs` },
    { find: /^typeorm\/(.*)$/, replacement: `${folder}/$1` },
  ];
}
