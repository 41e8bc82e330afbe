import type { JsonObject, TransportAdapter } from 'synchart';
import { createTransport, crudSend, type TokenProvider } from 'synchart/transport';

interface Page {
  readonly data: JsonObject[];
  readonly meta: { readonly next_cursor: string | null };
}

/**
 * Laravel: a resource controller over a model with `SoftDeletes`, API resources, `cursorPaginate`.
 * https://laravel.com/docs/12.x/eloquent-resources#pagination and https://laravel.com/docs/12.x/eloquent#soft-deleting
 */
export const laravelTransport = (url: string, token: TokenProvider): TransportAdapter =>
  createTransport({
    token,
    idempotency: 'none',
    send: crudSend({
      url, // With `/api`.
      health: (http) => http({ path: ['up'] }),
      // Todo::withTrashed()->where('updated_at', '>=', $since)->orderBy('updated_at')->orderBy('id')->cursorPaginate()
      list: ({ kind, page }, http) =>
        http({
          path: [kind],
          query: { updated_since: page.updatedSince, per_page: page.limit, cursor: page.pageToken },
          as: ({ data, meta }: Page) => ({
            items: data,
            nextPageToken: meta.next_cursor,
            hasMore: meta.next_cursor !== null,
          }),
        }),
      read: ({ kind, id }, http) => http({ path: [kind, id], as: unwrapped }),
      create: ({ kind, payload }, http) => http({ method: 'POST', path: [kind], body: payload, as: unwrapped }),
      update: ({ kind, id, payload }, http) =>
        http({ method: 'PATCH', path: [kind, id], body: { ...payload, deleted_at: null }, as: unwrapped }),
      remove: ({ kind, id }, http) => http({ method: 'DELETE', path: [kind, id] }),
    }),
  });

const unwrapped = ({ data }: { data: JsonObject }): JsonObject => data;
