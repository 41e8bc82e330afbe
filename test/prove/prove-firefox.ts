import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { seededRandom } from '../../src/testing/seeded-random.ts';
import { createTestServer } from '../../src/testing.ts';
import { WrittenLog } from '../browser/written-log.ts';
import { appHtml, browserApp } from '../support/browser-app.ts';
import { servePage } from '../support/serve-page.ts';
import { firefoxPath, launchFirefox, type Firefox, type FirefoxTab } from './bidi-firefox.ts';

/** What the page keeps of its writes until it is asked; a killed page takes at most the last of them along. */
const keepLog = `globalThis.written = [], globalThis.wrote = (...entry) => { written.push(entry); }, null`;
const takeLog = 'written.splice(0)';

interface Writer {
  readonly tab: FirefoxTab;
  readonly name: string;
}

function check(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/**
 * The proofs of the browser tests that need no protocol of Chromium: a write without network that outlives the page,
 * three tabs that write while the owner is closed or reloaded, and a browser that is killed during commits. Tells what
 * ran; throws where something does not hold. Undefined: Firefox is not installed.
 */
export async function proveInFirefox(rounds: number, kills: number, seed: number): Promise<string | undefined> {
  const path = firefoxPath();
  if (path === undefined) return undefined;
  const served = await servePage([await browserApp()], { documents: { '/': appHtml } });
  const profile = await mkdtemp(join(tmpdir(), 'synchart-firefox-'));
  let firefox = await launchFirefox(path, profile);
  const { version } = firefox;
  const load = async (tab: FirefoxTab): Promise<void> => {
    await tab.goto(served.url);
    check(await tab.evaluate<boolean>(`${waitForApp}.then(() => true)`), 'the app did not load');
    await tab.evaluate(keepLog);
  };
  const loaded = async (from: Firefox): Promise<FirefoxTab> => {
    const tab = await from.tab();
    await load(tab);
    return tab;
  };
  try {
    await writeOffline(await loaded(firefox), load);
    const told = await takeOver(() => loaded(firefox), load, rounds, seed);
    const stored = new WrittenLog();
    for (let life = 0; life <= kills; life += 1) {
      const tab = await loaded(firefox);
      const opened = await tab.evaluate<string>("app.open({ name: 'killed' })");
      check(opened === 'open', `after ${life} kills: ${opened}`);
      await checkRows(tab, stored);
      if (life === kills) break;
      await tab.evaluate(`app.startWriting('life${life}', 2)`);
      while (stored.acknowledgedBy(`life${life}`) < 40) stored.note(await tab.evaluate(takeLog));
      await firefox.kill();
      firefox = await launchFirefox(path, profile);
    }
    return `Firefox ${version}: a write without network; ${told}; ${kills} kills, ${stored.acknowledged} acknowledged writes`;
  } finally {
    await firefox.kill();
    await served.close();
    await rm(profile, { recursive: true, force: true });
  }
}

const waitForApp = `new Promise((resolve) => { const look = () => ('app' in globalThis ? resolve() : setTimeout(look, 20)); look(); })`;

async function checkRows(tab: FirefoxTab, log: WrittenLog): Promise<void> {
  const complaints = log.complaints(await tab.evaluate("app.query('SELECT tab, n, part FROM notes')"));
  check(complaints.length === 0, complaints.slice(0, 5).join('; '));
  const [row] = await tab.evaluate<{ integrity_check: string }[]>("app.query('PRAGMA integrity_check')");
  check(row?.integrity_check === 'ok', `integrity_check: ${row?.integrity_check}`);
}

async function writeOffline(tab: FirefoxTab, load: (tab: FirefoxTab) => Promise<void>): Promise<void> {
  const server = await createTestServer();
  const open = (url: string): Promise<unknown> => tab.evaluate(`app.openSynced('${url}').then(() => true)`);
  try {
    // Nobody listens there.
    await open('http://127.0.0.1:9');
    await tab.evaluate("app.addTodo('written-offline').then(() => true)");
    check((await tab.evaluate('app.sync()')) !== 'synced', 'it synced without a network');
    await load(tab);
    await open(server.url);
    const synced = await tab.evaluate('app.sync()');
    check(synced === 'synced', `sync after the reload: ${String(synced)}`);
    check(server.getAll('todos').length === 1, 'the server does not have it once');
    await tab.close();
  } finally {
    await server.stop();
  }
}

async function takeOver(
  open: () => Promise<FirefoxTab>,
  load: (tab: FirefoxTab) => Promise<void>,
  rounds: number,
  seed: number,
): Promise<string> {
  const random = seededRandom(seed);
  const log = new WrittenLog();
  let names = 0;
  const begin = async (tab: FirefoxTab): Promise<Writer> => {
    const name = `tab${(names += 1)}`;
    const opened = await tab.evaluate<string>('app.open()');
    check(opened === 'open', opened);
    await tab.evaluate(`app.startWriting('${name}', 5)`);
    return { tab, name };
  };
  const collect = async (writers: readonly Writer[]): Promise<void> => {
    for (const { tab } of writers) log.note(await tab.evaluate(takeLog));
  };
  let writers = [await begin(await open()), await begin(await open()), await begin(await open())];
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const roles = await Promise.all(writers.map(({ tab }) => tab.evaluate<string>('app.storage().role')));
    const owner = writers[Math.max(0, roles.indexOf('owner'))];
    if (owner === undefined) throw new Error('no tab is left');
    const survivors = writers.filter((writer) => writer !== owner);
    // What the page of the owner was told must be known before it is gone; what comes later may be stored or not.
    await owner.tab.evaluate('app.stopWriting().then(() => true)');
    await collect(writers);
    const before = log.acknowledged;
    const at = performance.now();
    if (random() < 0.5) {
      await owner.tab.close();
      writers = [...survivors, await begin(await open())];
    } else {
      await load(owner.tab);
      writers = [...survivors, await begin(owner.tab)];
    }
    while (log.acknowledged === before) await collect(survivors);
    took.push(performance.now() - at);
  }
  for (const { tab } of writers) await tab.evaluate('app.stopWriting().then(() => true)');
  await collect(writers);
  const [first] = writers;
  if (first !== undefined) await checkRows(first.tab, log);
  check(
    log.refusals.every((refusal) => refusal.includes('TransactionLostError')),
    log.refusals.join('; '),
  );
  for (const { tab } of writers) await tab.close();
  return `${rounds} rounds of closed and reloaded owners, ${log.acknowledged} writes, slowest round ${Math.round(Math.max(...took))} ms`;
}
