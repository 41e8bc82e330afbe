import axios from 'axios';
import { Pool } from 'undici';
import http from 'node:http';

/** One request of a floor: JSON in, JSON out, no timeout, no retry, no look at the status. */
export interface FloorHttp {
  request(method: 'GET' | 'PUT' | 'POST', path: string, body?: unknown): Promise<unknown>;
  close(): Promise<void> | void;
}

const headers = { accept: 'application/json', 'content-type': 'application/json' };

export function axiosHttp(baseURL: string, connections: number): FloorHttp {
  const agent = new http.Agent({ keepAlive: true, maxSockets: connections });
  const client = axios.create({ baseURL, httpAgent: agent, headers, proxy: false });
  return {
    request: async (method, url, data) => (await client.request<unknown>({ method, url, data })).data,
    close: () => agent.destroy(),
  };
}

export function undiciHttp(baseURL: string, connections: number): FloorHttp {
  const pool = new Pool(baseURL, { connections, pipelining: 1 });
  return {
    request: async (method, path, body) => {
      const answer = await pool.request({
        method,
        path,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
      });
      return JSON.parse(await answer.body.text());
    },
    close: () => pool.close(),
  };
}

export const floorHttp = (name: string, url: string, connections: number): FloorHttp =>
  name === 'undici' ? undiciHttp(url, connections) : axiosHttp(url, connections);
