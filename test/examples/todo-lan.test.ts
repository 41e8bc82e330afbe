import { spawn } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildApp, builtApp } from '../../examples/todo/build-app.ts';
import { makeCertificate } from '../../examples/todo/server/lan/certificate.ts';
import { lanAddresses, openLanAccess, type LanAccess } from '../../examples/todo/server/lan/lan-access.ts';
import { startTodoServer, type TodoServer } from '../../examples/todo/server/todo-server.ts';
import { chromiumArguments, findChromium } from '../support/find-chromium.ts';

let folder = '';
let access: LanAccess;
let server: TodoServer;

beforeAll(async () => {
  await buildApp();
  folder = await mkdtemp(join(tmpdir(), 'synchart-lan-'));
  await cp(builtApp, join(folder, 'app'), { recursive: true });
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));
beforeEach(async () => {
  access = await openLanAccess(join(folder, 'lan'));
  server = await startTodoServer({
    database: join(folder, 'server.db'),
    folder: join(folder, 'app'),
    port: 0,
    lan: access,
  });
});
afterEach(() => server.close());

interface Answer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Asks as a device does that trusts the authority and nothing else. */
function ask(path: string, headers: Record<string, string> = {}, host = 'localhost'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { ca: access.authority, headers, agent: false } as const;
    get(`https://${host}:${server.port}${path}`, options, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
    }).once('error', reject);
  });
}

test.each(['/', '/index.html', '/api/todos', '/users', '/certificate.crt', '/nothing-here', '/?token=wrong'])(
  'rejects %s without the token',
  async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(401);
    expect(answer.text).not.toContain('root');
    expect((await ask(path, { cookie: 'todo-token=wrong' })).status).toBe(401);
  },
);

test('a page without the token asks for it', async () => {
  const answer = await ask('/', { accept: 'text/html' });
  expect(answer.status).toBe(401);
  expect(answer.text).toContain('The token that the terminal shows');
});

test('the token admits a device and disappears from the address at once', async () => {
  const first = await ask(`/?token=${access.token}`);
  expect([first.status, first.headers.location]).toEqual([303, '/']);
  const cookie = first.headers['set-cookie']?.[0] ?? '';
  expect(cookie).toMatch(/; Secure; HttpOnly; SameSite=Lax$/);
  const kept = { cookie: cookie.split(';')[0] ?? '' };
  expect((await ask('/', kept)).text).toContain('<title>Todos · synchart</title>');
  // The token of the network is no session: the sync API still wants one.
  expect((await ask('/api/todos', kept)).text).toContain('unauthorized');
  expect((await ask('/certificate.crt', kept)).text).toBe(access.authority);
});

test('the certificate names all addresses of this computer, and only this authority signs it', async () => {
  for (const host of ['127.0.0.1', ...lanAddresses()])
    expect((await ask('/', { cookie: `todo-token=${access.token}` }, host)).status).toBe(200);
  const other = new X509Certificate(makeCertificate(['localhost']).authority);
  const shown = new X509Certificate(access.certificate);
  expect([shown.verify(new X509Certificate(access.authority).publicKey), shown.verify(other.publicKey)]).toEqual([
    true,
    false,
  ]);
  expect(shown.ca).toBe(false);
});

test('a second start keeps token and certificate, and replaces a certificate for other addresses', async () => {
  expect(await openLanAccess(join(folder, 'lan'))).toEqual(access);
  const elsewhere = join(folder, 'elsewhere');
  const old = await openLanAccess(elsewhere);
  await writeFile(join(elsewhere, 'certificate.pem'), makeCertificate(['10.9.8.7']).certificate);
  const renewed = await openLanAccess(elsewhere);
  expect(renewed.token).toBe(old.token);
  expect(new X509Certificate(renewed.certificate).checkHost('localhost')).toBe('localhost');
  expect(await readFile(join(elsewhere, 'certificate.pem'), 'utf8')).toBe(renewed.certificate);
});

test('replaces a certificate that expires soon', async () => {
  const hosts = ['localhost', '127.0.0.1', ...lanAddresses()];
  const old = makeCertificate(hosts, new Date(Date.now() - 380 * 86_400_000));
  const ending = join(folder, 'ending');
  await openLanAccess(ending);
  for (const part of ['certificate', 'key', 'authority'] as const)
    await writeFile(join(ending, `${part}.pem`), old[part]);
  expect((await openLanAccess(ending)).certificate).not.toBe(old.certificate);
});

test('a page on the network with an accepted certificate has an OPFS file and a service worker', {
  timeout: 120_000,
}, async () => {
  const spki = new X509Certificate(access.certificate).publicKey.export({ type: 'spki', format: 'der' });
  const accepted = createHash('sha256').update(spki).digest('base64');
  const context = await chromium.launchPersistentContext(join(folder, 'profile'), {
    executablePath: findChromium(),
    headless: true,
    args: [...chromiumArguments, `--ignore-certificate-errors-spki-list=${accepted}`],
  });
  try {
    const page = await context.newPage();
    const errors: string[] = [];
    context.on('weberror', (error) => errors.push(error.error().message));
    const host = lanAddresses()[0] ?? 'localhost';
    await page.goto(`https://${host}:${server.port}/?token=${access.token}`);
    await page.getByText('Buy oat milk').waitFor({ timeout: 60_000 });
    const found = await page.evaluate(async () => {
      await navigator.serviceWorker.ready;
      const files: string[] = [];
      for await (const name of (
        (await navigator.storage.getDirectory()) as unknown as { keys(): AsyncIterable<string> }
      ).keys())
        files.push(name);
      return { isSecureContext, hasLocks: 'locks' in navigator, files, address: location.search };
    });
    expect(found).toEqual({ isSecureContext: true, hasLocks: true, files: expect.any(Array) as string[], address: '' });
    expect(found.files.length).toBeGreaterThan(0);
    // The service worker may fetch what it keeps only with the token.
    await page.waitForFunction(
      async () => (await (await caches.open((await caches.keys())[0] ?? '')).keys()).length > 5,
    );
    await context.setOffline(true);
    await page.reload();
    await page.getByText('Buy oat milk').waitFor({ timeout: 60_000 });
    expect(errors).toEqual([]);
  } finally {
    await context.close();
  }
});

test('npm start -- --lan prints addresses with the token and how to trust the certificate', {
  timeout: 120_000,
}, async () => {
  const args = ['--import', 'tsx', 'examples/todo/start.ts', '--lan', '--port', '0', '--data', join(folder, 'data')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  for await (const chunk of child.stdout) {
    said += String(chunk);
    if (said.includes('Ctrl+C')) break;
  }
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  expect(await ended).toBe(0);
  expect(said).toMatch(/https:\/\/localhost:\d+\/\?token=[a-z2-9]{12}\n/);
  expect(said).toMatch(/certificate\.crt\?token=/);
  expect(said).toMatch(/SHA-256 {4}([0-9A-F]{2}:){31}[0-9A-F]{2}/);
});
