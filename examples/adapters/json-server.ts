import type { JsonObject, TransportAdapter } from 'synchart';
import { createTransport, crudSend } from 'synchart/transport';

/**
 * json-server 0.17. It neither stamps rows nor remembers deleted ones, so the adapter writes `updatedAt` and `deletedAt`.
 * https://github.com/typicode/json-server/tree/v0.17.4#routes
 */
export const jsonServerTransport = (url: string): TransportAdapter =>
  createTransport({
    idempotency: 'none',
    send: crudSend({
      url,
      health: (http) => http({ path: [] }),
      list: ({ kind, page }, http) =>
        http({
          path: [kind],
          query: { updatedAt_gte: page.updatedSince, _sort: 'updatedAt,id', _limit: page.limit },
          as: (items: JsonObject[]) => ({ items }),
        }),
      read: ({ kind, id }, http) => http({ path: [kind, id] }),
      create: ({ kind, payload }, http) =>
        http({ method: 'POST', path: [kind], body: { ...payload, updatedAt: after('') } }),
      update: ({ kind, id, payload }, http, { updatedAt }) =>
        http({ method: 'PATCH', path: [kind, id], body: { ...payload, updatedAt: after(updatedAt), deletedAt: null } }),
      remove: ({ kind, id }, http, { updatedAt }) => {
        const deletedAt = after(updatedAt);
        return http({ method: 'PATCH', path: [kind, id], body: { deletedAt, updatedAt: deletedAt } });
      },
    }),
  });

/** Now, but later than the last version, even where the clock of this device is slow. */
const after = (version: unknown): string =>
  new Date(Math.max(Date.now(), (Date.parse(String(version)) || 0) + 1)).toISOString();
