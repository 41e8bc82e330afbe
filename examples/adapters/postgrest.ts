import type { JsonObject, TransportAdapter } from 'synchart';
import { createTransport, crudSend, type TokenProvider } from 'synchart/transport';

/**
 * PostgREST, and Supabase with `url` ending in `/rest/v1`. Each write names the version in its filter, so the database
 * itself compares. https://docs.postgrest.org/en/v14/references/api/tables_views.html
 */
export const postgrestTransport = (url: string, apikey: string, token: TokenProvider): TransportAdapter =>
  createTransport({
    token,
    idempotency: 'none',
    send: crudSend({
      url,
      headers: { apikey, Prefer: 'return=representation' },
      health: (http) => http({ path: [] }),
      list: ({ kind, page: { updatedSince, afterId, limit } }, http) =>
        http({
          path: [kind],
          query: { ...since(updatedSince, afterId), order: 'updated_at,id', limit },
          as: (items: JsonObject[]) => ({ items }),
        }),
      read: ({ kind, id }, http) => http({ path: [kind], query: { id: `eq.${id}` }, as: first }),
      create: ({ kind, payload }, http) => http({ method: 'POST', path: [kind], body: payload, as: first }),
      update: ({ kind, id, base, payload }, http) => {
        const body = { ...payload, deleted_at: null };
        return http({ method: 'PATCH', path: [kind], query: version(id, base), body, as: first });
      },
      // PostgreSQL reads 'now' as the time of the transaction.
      remove: ({ kind, id, base }, http) =>
        http({ method: 'PATCH', path: [kind], query: version(id, base), body: { deleted_at: 'now' }, as: first }),
    }),
  });

const since = (time: string, id?: string) =>
  id ? { or: `(updated_at.gt."${time}",and(updated_at.eq."${time}",id.gt."${id}"))` } : { updated_at: `gte.${time}` };
const version = (id: string, base?: string) => ({ id: `eq.${id}`, updated_at: base && `eq.${base}` });
const first = ([row]: JsonObject[]): JsonObject | null => row ?? null;
