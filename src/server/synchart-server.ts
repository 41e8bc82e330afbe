#!/usr/bin/env node
import { readFlags, usage } from './command-flags.ts';
import { packageVersion } from './package-version.ts';

/** Whether an optional package of the server is missing, by its error code, before any other code has run. */
const isMissingPackage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';

try {
  const flags = readFlags(process.argv.slice(2));
  if (flags.help) process.stdout.write(usage());
  else if (flags.version) process.stdout.write(`${packageVersion()}\n`);
  else {
    // Needs packages that may be missing; help and version need none.
    const { runServerCommand } = await import('./server-command.ts');
    await runServerCommand(flags);
  }
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  const remedy = isMissingPackage(error)
    ? '; the server needs packages that a client does not: npm install fastify better-sqlite3 typeorm'
    : '';
  process.stderr.write(`synchart-server: ${text}${remedy}\n`);
  process.exitCode = 1;
}
