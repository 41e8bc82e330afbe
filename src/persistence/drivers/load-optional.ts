import { DatabaseError } from '../../model/errors/errors.ts';

/**
 * Imports an optional peer. The name is no literal where it is imported, so that bundlers leave it alone. Rejects with
 * the command that installs it.
 */
export async function loadOptional(name: string): Promise<unknown> {
  try {
    const loaded = (await import(/* @vite-ignore */ /* webpackIgnore: true */ name)) as { readonly default: unknown };
    return loaded.default;
  } catch (cause) {
    throw new DatabaseError(`The package ${name} cannot be loaded; install it with: npm install ${name}`, { cause });
  }
}
