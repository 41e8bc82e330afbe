/**
 * An app of examples/mobile, in a process that lacks what JavaScript engines of phones lack. It writes offline, goes
 * online, is opened again, and tells what is queued. Run by ../examples/mobile.test.ts.
 */
import { startSync } from '../../examples/mobile/start-sync.ts';
import { expoSqliteDriver } from '../../src/persistence/drivers/phones/expo-sqlite-driver.ts';
import { opSqliteDriver } from '../../src/persistence/drivers/phones/op-sqlite-driver.ts';
import { todos } from '../support/open-store.ts';
import { expoStandIn, opSqliteStandIn } from '../support/phone-packages.ts';
import { todoEntity, todoOf } from '../support/todo.ts';
import { optionsOf } from './child-process.ts';

export interface PhoneOptions {
  readonly package: 'expo-sqlite' | 'op-sqlite';
  readonly database: string;
  readonly url: string;
}

const options = optionsOf<PhoneOptions>();
const driver = (): ReturnType<typeof expoSqliteDriver> =>
  options.package === 'expo-sqlite' ? expoSqliteDriver(expoStandIn) : opSqliteDriver(opSqliteStandIn);

/** A phone whose network and foreground the script decides. */
function phone(isConnected: boolean) {
  const listeners = new Set<(state: { isConnected: boolean }) => void>();
  return {
    driver: driver(),
    netInfo: {
      addEventListener: (listener: (state: { isConnected: boolean }) => void) => {
        listeners.add(listener);
        listener({ isConnected });
        return () => listeners.delete(listener);
      },
    },
    appState: { currentState: 'active', addEventListener: () => ({ remove: () => undefined }) },
    connect: () => {
      for (const listener of listeners) listener({ isConnected: true });
    },
  };
}

const app = { database: options.database, entities: [todoEntity], tables: [todos], baseUrl: options.url };
const first = phone(false);
const offline = await startSync(first, app);
await offline.writer(todos).insertAndEnqueue(todoOf('a', { title: 'written offline' }));
process.stdout.write(`queued ${String(await offline.outbox.hasOperations())}\n`);
await offline.dispose();

const second = phone(false);
const engine = await startSync(second, app);
const pushed = new Promise<void>((resolve) => {
  engine.events$.subscribe(({ type }) => type === 'op.pushed' && resolve());
});
second.connect();
await pushed;
await engine.sync();
process.stdout.write(`left ${String(await engine.outbox.hasOperations())}\n`);
await engine.dispose();
process.exit(0);
