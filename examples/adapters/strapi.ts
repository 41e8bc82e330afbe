import type { JsonObject, TransportAdapter } from 'synchart';
import { createTransport, crudSend, type TokenProvider } from 'synchart/transport';

/**
 * Strapi 5. It gives out `id` and `documentId` itself, so the app's id is a unique text field `uid`. Draft & Publish is
 * off. https://docs.strapi.io/cms/api/rest and https://docs.strapi.io/cms/api/rest/filters
 */
export const strapiTransport = (url: string, token: TokenProvider): TransportAdapter =>
  createTransport({
    token,
    idempotency: 'none',
    send: crudSend({
      url, // With `/api`.
      health: (http) => http({ path: ['..', '_health'] }),
      list: ({ kind, page }, http) =>
        http({
          path: [kind],
          query: {
            'filters[updatedAt][$gte]': page.updatedSince,
            sort: 'updatedAt:asc,uid:asc',
            'pagination[pageSize]': page.limit, // Strapi sends at most 100.
          },
          as: ({ data }: { data: JsonObject[] }) => ({ items: data.map(toRow) }),
        }),
      read: ({ kind, id }, http) =>
        http({
          path: [kind],
          query: { 'filters[uid][$eq]': id },
          as: ({ data: [row] }: { data: JsonObject[] }) => (row ? toRow(row) : null),
        }),
      create: ({ kind, payload }, http) => http({ method: 'POST', path: [kind], body: toBody(payload), as: unwrapped }),
      update: ({ kind, payload }, http, { documentId }) =>
        http({ method: 'PUT', path: [kind, String(documentId)], body: toBody(payload), as: unwrapped }),
      remove: ({ kind }, http, { documentId }) => http({ method: 'DELETE', path: [kind, String(documentId)] }),
    }),
  });

const toRow = ({ uid = null, ...row }: JsonObject): JsonObject => ({ ...row, id: uid });
const toBody = ({ id = null, ...fields }: JsonObject): JsonObject => ({ data: { ...fields, uid: id } });
const unwrapped = ({ data }: { data: JsonObject }): JsonObject => toRow(data);
