import type { JsonObject, TransportAdapter } from 'synchart';
import { createTransport, crudSend, type TokenProvider } from 'synchart/transport';

/**
 * Directus: a collection with a text or UUID key and a field `updated_at` that is set on create and on update.
 * https://directus.io/docs/api/items and https://directus.io/docs/guides/connect/filter-rules
 */
export const directusTransport = (url: string, token: TokenProvider): TransportAdapter =>
  createTransport({
    token,
    idempotency: 'none',
    send: crudSend({
      url,
      health: (http) => http({ path: ['server', 'ping'] }),
      list: ({ kind, page: { updatedSince: since, afterId, limit } }, http) => {
        const later = { updated_at: { _gt: since } };
        const same = { updated_at: { _eq: since }, ...(afterId === undefined ? {} : { id: { _gt: afterId } }) };
        return http({
          path: ['items', kind],
          query: { filter: JSON.stringify({ _or: [later, same] }), sort: 'updated_at,id', limit },
          as: ({ data }: { data: JsonObject[] }) => ({ items: data }),
        });
      },
      // By a filter: for a key that is not there, Directus answers 403, as for one that is forbidden.
      read: ({ kind, id }, http) =>
        http({
          path: ['items', kind],
          query: { filter: JSON.stringify({ id: { _eq: id } }), limit: 1 },
          as: ({ data: [row] }: { data: JsonObject[] }) => row ?? null,
        }),
      create: ({ kind, payload }, http) =>
        http({ method: 'POST', path: ['items', kind], body: payload, as: unwrapped }),
      update: ({ kind, id, payload }, http) =>
        http({ method: 'PATCH', path: ['items', kind, id], body: payload, as: unwrapped }),
      remove: ({ kind, id }, http) => http({ method: 'DELETE', path: ['items', kind, id] }),
    }),
  });

const unwrapped = ({ data }: { data: JsonObject }): JsonObject => data;
