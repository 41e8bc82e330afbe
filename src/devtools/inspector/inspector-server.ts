import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { DevtoolsAgent } from '../agent/devtools-agent.ts';
import { createGatekeeper } from './gatekeeper.ts';
import { panelDocument, safeHeaders } from './panel-document.ts';
import { readBody } from './read-body.ts';
import { createStreamChannel, type StreamChannel } from './stream-channel.ts';

/** A file of the built panel by its name, such as `page.js`; undefined where there is none. */
export type PanelFiles = (name: string) => Promise<Uint8Array | undefined>;

export interface RunningInspector {
  /** The address to open, with a token that lets one panel in. After it was used, another one. */
  readonly url: string;
  /** Ends the server and its panels. The engine goes on, and so does its log. */
  close(): Promise<void>;
}

const loopback = '127.0.0.1';
const moduleName = /^[\w.-]+\.js$/;

/**
 * Serves the panel of one engine on loopback. `furtherHosts` are other names of the server, such as the end of a
 * tunnel. Rejects where the port is taken.
 */
export async function serveInspector(
  agent: DevtoolsAgent,
  port: number,
  files: PanelFiles,
  furtherHosts: readonly string[] = [],
): Promise<RunningInspector> {
  const channels = new Map<string, StreamChannel>();
  let hosts: readonly string[] = [];
  const gate = createGatekeeper(() => hosts);

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const nonce = randomBytes(16).toString('base64url');
    const reply = (status: number, body: string | Uint8Array, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { ...safeHeaders(nonce), 'content-type': type }).end(body);
    };
    const { method = 'GET' } = request;
    const refusal = gate.refusal({ method, host: request.headers.host, origin: request.headers.origin });
    if (refusal !== undefined) return reply(403, refusal);
    const { pathname } = new URL(request.url ?? '/', `http://${loopback}`);

    if (method === 'GET' && pathname === '/') return reply(200, panelDocument(nonce), 'text/html; charset=utf-8');
    if (method === 'GET' && moduleName.test(pathname.slice(1))) {
      const file = await files(pathname.slice(1));
      return file === undefined ? reply(404, 'no such file') : reply(200, file, 'text/javascript; charset=utf-8');
    }
    if (method !== 'POST') return reply(404, 'no such page');

    const body = await readBody(request);
    if (pathname === '/session') {
      const key = typeof body === 'string' ? gate.redeem(body) : undefined;
      return key === undefined
        ? reply(401, 'the token is wrong or was used')
        : reply(200, JSON.stringify(key), 'application/json');
    }
    if (!gate.isKey((request.headers.authorization ?? '').replace(/^Bearer /, ''))) return reply(401, 'no session');
    if (pathname === '/events' && typeof body === 'string' && body !== '') {
      response.writeHead(200, { ...safeHeaders(nonce), 'content-type': 'application/x-ndjson' });
      response.flushHeaders();
      const channel = createStreamChannel(response);
      const end = agent.connect(channel);
      channels.get(body)?.close();
      channels.set(body, channel);
      response.on('close', () => {
        end();
        if (channels.get(body) === channel) channels.delete(body);
      });
      return;
    }
    const { channel, message } = (typeof body === 'object' && body !== null ? body : {}) as {
      readonly channel?: unknown;
      readonly message?: unknown;
    };
    const known = typeof channel === 'string' ? channels.get(channel) : undefined;
    if (pathname !== '/messages' || known === undefined) return reply(404, 'no such channel');
    known.receive(message);
    response.writeHead(204, safeHeaders(nonce)).end();
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      if (!response.headersSent)
        response.writeHead(error instanceof RangeError ? 413 : 400, { 'content-type': 'text/plain' });
      response.end(error instanceof Error ? error.message : String(error));
    });
  });
  const actual = await listen(server, port);
  hosts = [`${loopback}:${actual}`, `localhost:${actual}`, ...furtherHosts];
  return {
    get url() {
      return `http://${loopback}:${actual}/?token=${gate.token}`;
    },
    close: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function listen(server: Server, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, loopback, () => {
      server.off('error', reject);
      // A process that has nothing else to do ends, inspected or not.
      server.unref();
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : port);
    });
  });
}
