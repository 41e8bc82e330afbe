import axios, { type AxiosInstance } from 'axios';
import { createNodeAdapter } from './node-adapter.ts';

/** The HTTP client of a transport. */
export interface HttpClient {
  readonly axios: Pick<AxiosInstance, 'request'>;
  /** Whether the request with this signal may have sent something. Clients that cannot tell return true. */
  mayHaveSent(signal: AbortSignal): boolean;
  /** Ends idle connections. */
  close(): void;
}

/** Uses the app's instance, or creates a lean default: no redirects, no proxy, keep-alive connections in Node. */
export function createHttpClient(given: Pick<AxiosInstance, 'request'> | undefined, connections: number): HttpClient {
  return given === undefined ? (createNodeClient(connections) ?? plainClient(axios.create())) : plainClient(given);
}

const plainClient = (instance: Pick<AxiosInstance, 'request'>): HttpClient => ({
  axios: instance,
  mayHaveSent: () => true,
  close: () => undefined,
});

function createNodeClient(connections: number): HttpClient | undefined {
  // An import of node:http would break bundlers for browsers.
  const builtin = typeof process === 'object' ? process.getBuiltinModule : undefined;
  if (builtin === undefined) return undefined;
  const http = builtin('node:http');
  const https = builtin('node:https');
  // A pull, a fetch and a health probe may run beside the pushes. Idle connections close before most servers close them
  // (Node's after 5 s), because a request over a closing connection is ambiguous. The timeout only affects idle ones.
  const kept = { keepAlive: true, maxFreeSockets: connections + 4, timeout: 4_000 };
  const httpAgent = new http.Agent(kept);
  const httpsAgent = new https.Agent(kept);
  const connected = new WeakSet<object>();
  return {
    axios: axios.create({
      adapter: createNodeAdapter({ http, https, zlib: builtin('node:zlib'), httpAgent, httpsAgent, connected }),
    }),
    mayHaveSent: (signal) => connected.has(signal),
    close: () => {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}
