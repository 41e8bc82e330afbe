import axios, { type AxiosInstance } from 'axios';

/** The HTTP client of a transport, and what ends its idle connections. */
export interface HttpClient {
  readonly axios: Pick<AxiosInstance, 'request'>;
  close(): void;
}

/** Makes the lean default instance: no redirects, no proxy, connections kept alive in Node (PERFORMANCE, push). */
export function createHttpClient(connections: number): HttpClient {
  const agents = createAgents(connections);
  return {
    axios: axios.create({ maxRedirects: 0, proxy: false, maxBodyLength: Infinity, ...agents?.config }),
    close: () => agents?.close(),
  };
}

function createAgents(connections: number) {
  // No import of node:http: bundlers for browsers would stumble over it.
  const builtin = typeof process === 'object' ? process.getBuiltinModule : undefined;
  if (builtin === undefined) return undefined;
  // A pull, a fetch and a health probe may run beside the pushes.
  const options = { keepAlive: true, maxFreeSockets: connections + 4 };
  const httpAgent = new (builtin('node:http').Agent)(options);
  const httpsAgent = new (builtin('node:https').Agent)(options);
  return {
    config: { httpAgent, httpsAgent },
    close: () => {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}
