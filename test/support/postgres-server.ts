import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { installedPackages, isRoot, loadEmbeddedPostgres, makeHome, removeHome } from './postgres-binaries.ts';

/**
 * Where a test, or a process that it starts, asks for the PostgreSQL server: the environment variable with a port of
 * this machine.
 */
export const portVariable = 'TEST_POSTGRES_PORT';

/** What the test run answers whoever asks for the server. */
export type PostgresAnswer = { readonly url: string } | { readonly missing: string };

/** For tests alone: a power cut may take this database. */
const flags = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '300',
  shared_buffers: '32MB',
  max_wal_size: '256MB',
};

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });

interface Running {
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a server of its own with the programs of the packages in `installed`. */
export async function startPostgres(installed = installedPackages()): Promise<Running> {
  const home = makeHome();
  const said: string[] = [];
  try {
    const { default: EmbeddedPostgres } = await loadEmbeddedPostgres(home, installed);
    const port = await freePort();
    const server = new EmbeddedPostgres({
      databaseDir: join(home, 'data'),
      port,
      user: 'synchart',
      password: 'synchart',
      persistent: false,
      createPostgresUser: isRoot(),
      initdbFlags: ['--encoding=UTF8', '--no-sync'],
      postgresFlags: Object.entries(flags).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
      onLog: (line) => said.push(String(line)),
      onError: (line) => said.push(String(line)),
    });
    await server.initialise();
    await server.start();
    return {
      url: `postgres://synchart:synchart@127.0.0.1:${port}`,
      stop: async () => {
        await server.stop();
        removeHome(home);
      },
    };
  } catch (error) {
    removeHome(home);
    throw new Error(`${String(error ?? 'it ended at once')}\n${said.slice(-20).join('')}`, { cause: error });
  }
}

const toAnswer = (starting: Promise<Running>): Promise<PostgresAnswer> =>
  starting.then(
    ({ url }) => ({ url }),
    (error: unknown) => ({ missing: error instanceof Error ? error.message : String(error) }),
  );

/** Lets tests ask for the server, which starts for the first that asks. Returns the function that ends it. */
export async function answerTests(start: () => Promise<Running>): Promise<() => Promise<void>> {
  let running: Promise<Running> | undefined;
  const desk: Server = createServer((socket) => {
    running ??= start();
    socket.on('error', () => socket.destroy());
    void toAnswer(running).then((answer) => socket.end(JSON.stringify(answer)));
  });
  await new Promise<void>((resolve) => {
    desk.listen(0, '127.0.0.1', resolve);
  });
  process.env[portVariable] = String((desk.address() as AddressInfo).port);
  return async () => {
    desk.close();
    await running?.then(
      (server) => server.stop(),
      () => undefined,
    );
  };
}

/** Starts PostgreSQL once per test run; runs without such tests do not pay for it. */
export const setup = (): Promise<() => Promise<void>> => answerTests(() => startPostgres());
