#!/usr/bin/env node
/** Whether an optional package of the server is not installed; told by code, before anything of ours has run. */
const isMissingPackage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';

try {
  const { runServerCommand } = await import('./server-command.ts');
  await runServerCommand();
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  const remedy = isMissingPackage(error)
    ? '; the server needs packages that a client does not: npm install fastify better-sqlite3 typeorm'
    : '';
  process.stderr.write(`synchart-server: ${text}${remedy}\n`);
  process.exitCode = 1;
}
export {};
