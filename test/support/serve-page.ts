import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
  '.css': 'text/css',
};

export interface ServedPage {
  readonly url: string;
  readonly close: () => Promise<void>;
}

/**
 * Serves built files on loopback; `documents` are texts by their path, such as `/`; every answer has the given content
 * security policy.
 */
export async function servePage(
  folders: readonly string[],
  {
    documents = {},
    policy,
    hangs = () => false,
  }: {
    readonly documents?: Readonly<Record<string, string>>;
    readonly policy?: string;
    /** Requests that get no answer, by path and query. */
    readonly hangs?: (path: string) => boolean;
  },
): Promise<ServedPage> {
  const find = async (path: string): Promise<Buffer | string | undefined> => {
    const document = documents[path];
    if (document !== undefined) return document;
    for (const folder of folders) {
      const body = await readFile(join(folder, path.slice(1))).catch(() => undefined);
      if (body !== undefined) return body;
    }
    return undefined;
  };
  const server = createServer((request, response) => {
    const { pathname, search } = new URL(request.url ?? '/', 'http://page');
    if (hangs(`${pathname}${search}`)) return;
    void find(pathname).then((body) => {
      const type = types[extname(pathname)] ?? 'text/html; charset=utf-8';
      const headers = { 'content-type': type, ...(policy === undefined ? {} : { 'content-security-policy': policy }) };
      if (body === undefined) response.writeHead(404).end();
      else response.writeHead(200, headers).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server of the page has no port');
  return {
    url: `http://127.0.0.1:${address.port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
