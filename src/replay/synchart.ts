#!/usr/bin/env node
/** Whether a package is missing, by its error code, before any other code has run. */
const isMissingPackage = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND';

try {
  const { runSynchartCommand } = await import('./synchart-command.ts');
  process.exitCode = await runSynchartCommand(process.argv.slice(2), {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
  });
} catch (error) {
  const text = error instanceof Error ? error.message : String(error);
  const remedy = isMissingPackage(error)
    ? '; a re-run needs TypeORM and SQLite: npm install typeorm better-sqlite3 (or sql.js)'
    : '';
  process.stderr.write(`synchart: ${text}${remedy}\n`);
  process.exitCode = 2;
}
export {};
