import type { JsonObject, TransportAdapter } from 'synchart';
import { createTransport, crudSend, type TokenProvider } from 'synchart/transport';

interface Page {
  readonly next: string | null;
  readonly results: JsonObject[];
}

/**
 * Django REST framework: a `ModelViewSet` with `LimitOffsetPagination`, `OrderingFilter`, and a django-filter on
 * `updated_at__gte`. https://www.django-rest-framework.org/api-guide/pagination/#limitoffsetpagination
 */
export const djangoTransport = (url: string, token: TokenProvider): TransportAdapter =>
  createTransport({
    token, // 'Token …' for TokenAuthentication, 'Bearer …' for JWT.
    idempotency: 'none',
    send: crudSend({
      url,
      health: (http) => http({ path: [''] }), // The root of a DefaultRouter.
      // Each page begins at the last row of the page before, so that no offset is needed.
      list: ({ kind, page }, http) =>
        http({
          path: [kind, ''],
          query: { updated_at__gte: page.updatedSince, ordering: 'updated_at,id', limit: page.limit },
          as: ({ results, next }: Page) => ({ items: results, hasMore: next !== null }),
        }),
      // An empty last segment ends the path with the slash that Django asks for.
      read: ({ kind, id }, http) => http({ path: [kind, id, ''] }),
      create: ({ kind, payload }, http) => http({ method: 'POST', path: [kind, ''], body: payload }),
      update: ({ kind, id, payload }, http) => http({ method: 'PATCH', path: [kind, id, ''], body: payload }),
      remove: ({ kind, id }, http) => http({ method: 'DELETE', path: [kind, id, ''] }),
    }),
  });
