import { DatabaseError } from '../../model/errors/errors.ts';

/**
 * Imports an optional peer dependency. The name is not a literal at the import, so that bundlers ignore it. Rejects
 * with the command that installs it.
 */
export async function loadOptional(name: string): Promise<unknown> {
  try {
    const loaded = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as { readonly default: unknown };
    return loaded.default;
  } catch (cause) {
    throw new DatabaseError(`The package ${name} cannot be loaded; install it with: npm install ${name}`, { cause });
  }
}
