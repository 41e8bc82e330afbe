/**
 * The server of the benchmark, in a process of its own. It answers from memory and with ready-made text, so that what
 * is measured is the client: a slow server would make every client look equally fast.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { cityRows, serverTime, type CityJson } from './city-rows.ts';

interface BatchOp {
  readonly opId: string;
  readonly id: string;
  readonly payload: CityJson;
}

const rows = cityRows(Number(process.argv[2] ?? Infinity));
/** How long a request and its answer are on their way, together, in ms. */
const networkMs = Number(process.argv[3] ?? 0);
/** A built page that this server serves beside the rows, so that the page asks its own origin. */
const pageFolder = process.argv[4];
const texts = rows.map((row) => JSON.stringify(row));
const place = new Map(rows.map((row, index) => [row.id, index]));
let sequence = rows.length;

/**
 * A row as the server has it after a write. Rows do not move in the list: nobody pulls what the push benchmark wrote.
 */
const stored = (payload: CityJson): CityJson => ({ ...payload, updatedAt: serverTime((sequence += 1)) });

function page(url: URL): string {
  const limit = Number(url.searchParams.get('limit') ?? 500);
  const afterId = url.searchParams.get('afterId');
  const start = afterId === null ? 0 : (place.get(afterId) ?? -1) + 1;
  const end = Math.min(start + limit, texts.length);
  return `{"items":[${texts.slice(start, end).join(',')}],"hasMore":${end < texts.length}}`;
}

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}

async function answer(request: IncomingMessage): Promise<string> {
  const url = new URL(request.url ?? '/', 'http://bench');
  if (url.pathname === '/health') return '{}';
  if (request.method === 'GET') return page(url);
  if (request.method === 'PUT') {
    const { _baseUpdatedAt, ...payload } = (await bodyOf(request)) as CityJson & { readonly _baseUpdatedAt?: string };
    return JSON.stringify(stored(payload));
  }
  const { ops } = (await bodyOf(request)) as { readonly ops: readonly BatchOp[] };
  return JSON.stringify({ results: ops.map((op) => ({ opId: op.opId, statusCode: 200, data: stored(op.payload) })) });
}

const html = '<!doctype html><link rel="icon" href="data:,"><body><script type="module" src="/page.js"></script>';
const fileTypes: Readonly<Record<string, string>> = { '.js': 'text/javascript', '.wasm': 'application/wasm' };
/** The page is isolated from other origins: only such a page has a clock finer than 0.1 ms. */
const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };

async function sendFile(folder: string, path: string, response: ServerResponse): Promise<void> {
  const body = path === '/' ? html : await readFile(join(folder, path));
  response.writeHead(200, { 'content-type': fileTypes[extname(path)] ?? 'text/html', ...isolation }).end(body);
}

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? '/', 'http://bench');
  if (pageFolder !== undefined && (pathname === '/' || extname(pathname) in fileTypes))
    return sendFile(pageFolder, pathname, response);
  const text = await answer(request);
  if (networkMs > 0) await setTimeout(networkMs);
  response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text);
}

const server = createServer({ keepAlive: true, keepAliveTimeout: 60_000 }, (request, response) => {
  handle(request, response).catch((error: unknown) => response.writeHead(500).end(String(error)));
});
server.listen(0, '127.0.0.1', () =>
  process.send?.({ port: (server.address() as AddressInfo).port, rows: rows.length }),
);
process.once('disconnect', () => process.exit(0));
