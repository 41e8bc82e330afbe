/** `npm start`: builds the todo app where necessary, and serves it together with its server. */
import { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { buildApp, builtApp } from './build-app.ts';
import { lanAddresses, openLanAccess, type LanAccess } from './server/lan/lan-access.ts';
import { startTodoServer } from './server/todo-server.ts';

const defaultPort = 47_811;
const usage = `npm start -- [--port <number>] [--data <folder>] [--lan]

  --port   port on 127.0.0.1; default ${defaultPort}
  --data   folder of the server's database; default examples/todo/data in this clone
  --lan    https for the other devices of your network, behind a token`;

interface StartOptions {
  readonly port: number;
  readonly data: string;
  readonly lan: boolean;
}

/** Returns a text that says what is wrong with the arguments, or the help. */
function readArguments(args: readonly string[]): StartOptions | { readonly text: string; readonly isProblem: boolean } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        port: { type: 'string' },
        data: { type: 'string' },
        lan: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help === true) return { text: usage, isProblem: false };
    const port = values.port === undefined ? defaultPort : Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535)
      return { text: `--port must be a whole number from 0 to 65535, got '${values.port}'`, isProblem: true };
    const data = values.data ?? fileURLToPath(new URL('./data', import.meta.url));
    return { port, data, lan: values.lan ?? false };
  } catch (error) {
    return { text: `${error instanceof Error ? error.message : String(error)}\n\n${usage}`, isProblem: true };
  }
}

const hints = `What to try
  1. Switch "Offline" on, add and edit todos, reload the page. Switch it off: the server gets everything once.
  2. Open a second device, take one offline, edit the same title on both. Then decide in the dialog.
  3. Give a todo a title of more than 60 characters: the server refuses it, and you repair it.
  4. Menu "Server": let the server change your todos, or let the session expire while edits wait.
  5. Open the page in several tabs and close some. The button at the lower right opens the devtools.`;

/** Where other devices find the app, and how they come to trust it. */
function lanLines({ token, authority }: LanAccess, port: number): string {
  const [first = 'localhost', ...others] = [...lanAddresses(), 'localhost'].map((host) => `https://${host}:${port}`);
  const { fingerprint256 } = new X509Certificate(authority);
  return `  Todo app   ${first}/?token=${token}
${others.map((address) => `             ${address}/?token=${token}\n`).join('')}
  Everybody who has the token sees all todos and can change them.

  This computer made the certificate itself, so a browser warns of it. After the warning the app works, but most
  browsers keep no service worker then. For reloads without a network, let the device trust the authority first:
             ${first}/certificate.crt?token=${token}
  SHA-256    ${fingerprint256}
`;
}

async function start(options: StartOptions): Promise<void> {
  process.stdout.write('Building the app …');
  const startedAt = performance.now();
  const wasBuilt = await buildApp();
  process.stdout.write(
    wasBuilt ? ` done in ${((performance.now() - startedAt) / 1000).toFixed(1)} s\n` : ' it is up to date\n',
  );
  await mkdir(options.data, { recursive: true });
  const database = join(options.data, 'todo-server.db');
  const lan = options.lan ? await openLanAccess(join(options.data, 'lan')) : undefined;
  const server = await startTodoServer({ database, folder: builtApp, port: options.port, lan });
  const where = lan === undefined ? `  Todo app   ${server.url}` : lanLines(lan, server.port);
  // First: who reads that the server is there may end it at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => void server.close().then(() => process.exit(0)));
  process.stdout.write(`\n${where}\n  Database   ${database}\n\n${hints}\n\nCtrl+C ends it.\n`);
}

const given = readArguments(process.argv.slice(2));
if ('text' in given) {
  (given.isProblem ? process.stderr : process.stdout).write(`${given.text}\n`);
  process.exitCode = given.isProblem ? 1 : 0;
} else {
  await start(given).catch((error: unknown) => {
    const isTaken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    const reason = error instanceof Error ? error.message : String(error);
    process.stderr.write(
      `\n${isTaken ? `Port ${given.port} is in use. Choose another one: npm start -- --port ${given.port + 1}` : reason}\n`,
    );
    process.exitCode = 1;
  });
}
