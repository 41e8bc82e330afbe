import type { JsonObject, TransportAdapter } from 'synchart';
import { createTransport, crudSend, type TokenProvider } from 'synchart/transport';

/**
 * An Express API over Sequelize models with `paranoid: true`, which sets `deletedAt` instead of deleting.
 * https://sequelize.org/docs/v6/core-concepts/paranoid/
 */
export const expressTransport = (url: string, token?: TokenProvider): TransportAdapter =>
  createTransport({
    ...(token && { token }),
    idempotency: 'none', // The server does not remember request keys.
    send: crudSend({
      url,
      health: (http) => http({ path: ['health'] }),
      // The rows since a time, deleted ones too, sorted by updatedAt and id.
      list: ({ kind, page: { updatedSince: since, afterId, limit } }, http) =>
        http({ path: [kind], query: { since, afterId, limit }, as: (items: JsonObject[]) => ({ items }) }),
      // 404 says that there is no such row.
      read: ({ kind, id }, http) => http({ path: [kind, id] }),
      create: ({ kind, payload }, http) => http({ method: 'POST', path: [kind], body: payload }),
      // `deletedAt: null` brings back a row that somebody deleted.
      update: ({ kind, id, payload }, http) =>
        http({ method: 'PATCH', path: [kind, id], body: { ...payload, deletedAt: null } }),
      remove: ({ kind, id }, http) => http({ method: 'DELETE', path: [kind, id] }),
    }),
  });
