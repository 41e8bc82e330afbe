import type { JsonObject, TransportAdapter } from 'synchart';
import { createTransport, crudSend, type RemoteAnswer, type TokenProvider } from 'synchart/transport';

/**
 * Feathers 5 over REST. A hook on the server sets `updatedAt`. The query of PATCH and DELETE names the version.
 * https://feathersjs.com/api/databases/querying.html and https://feathersjs.com/api/databases/common.html
 */
export const feathersTransport = (url: string, token?: TokenProvider): TransportAdapter =>
  createTransport({
    ...(token && { token }),
    idempotency: 'none',
    send: crudSend({
      url,
      health: (http) => http({ path: ['health'] }), // Feathers has no such route: add it.
      list: ({ kind, page: { updatedSince, limit } }, http) =>
        http({
          path: [kind],
          query: { 'updatedAt[$gte]': updatedSince, '$sort[updatedAt]': 1, '$sort[id]': 1, $limit: limit },
          as: ({ data }: { data: JsonObject[] }) => ({ items: data }),
        }),
      read: ({ kind, id }, http) => http({ path: [kind, id] }),
      create: ({ kind, payload }, http) => http({ method: 'POST', path: [kind], body: payload }),
      update: async ({ kind, id, payload, base }, http) =>
        found(await http({ method: 'PATCH', path: [kind, id], query: { updatedAt: base }, body: payload })),
      remove: async ({ kind, id, base }, http) =>
        found(await http({ method: 'DELETE', path: [kind, id], query: { updatedAt: base } })),
    }),
  });

/** No row of this version: somebody else was faster. */
const found = (answer: RemoteAnswer): RemoteAnswer => (answer.status === 404 ? { status: 409 } : answer);
