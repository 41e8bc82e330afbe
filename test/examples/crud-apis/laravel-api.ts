import { createApiRows, isTitleTooLong, maxTitle, withMicroseconds } from './api-rows.ts';
import { serveApi } from './serve-api.ts';

const epoch = '1970-01-01T00:00:00Z';

/**
 * Answers as Laravel does for a resource controller with API resources and SoftDeletes, whose rows have microseconds.
 * https://laravel.com/docs/12.x/pagination#cursor-pagination, https://laravel.com/docs/12.x/validation#validation-error-response-format
 */
export const startLaravel = () => {
  const rows = createApiRows('updated_at', withMicroseconds('Z'));
  return serveApi(({ method, path, query, body, headers }) => {
    const [, kind, id] = path;
    if (kind === 'up') return { status: 200 };
    if (headers.authorization !== 'Bearer secret') return { status: 401, body: { message: 'Unauthenticated.' } };
    if (kind !== 'todos') return { status: 404, body: { message: 'The route could not be found.' } };
    if (method !== 'GET' && isTitleTooLong(body)) {
      const message = `The title field must not be greater than ${maxTitle} characters.`;
      return { status: 422, body: { message, errors: { title: [message] } } };
    }
    if (id === undefined) {
      if (method === 'POST')
        return { status: 201, body: { data: rows.put(String(body['id']), { deleted_at: null, ...body }) } };
      const cursor = query.get('cursor');
      const from = cursor === null ? undefined : (JSON.parse(atob(cursor)) as { updated_at: string; id: string });
      const limit = Number(query.get('per_page') ?? 15);
      const page = rows.list({
        since: from?.updated_at ?? query.get('updated_since') ?? epoch,
        afterId: from?.id,
        limit,
      });
      const last = page.rows.at(-1);
      const next =
        page.total > limit ? btoa(JSON.stringify({ updated_at: last?.['updated_at'], id: last?.['id'] })) : null;
      return {
        status: 200,
        body: {
          data: page.rows,
          links: {
            first: null,
            last: null,
            prev: null,
            next: next === null ? null : `http://api/todos?cursor=${next}`,
          },
          meta: { path: 'http://api/todos', per_page: limit, next_cursor: next, prev_cursor: null },
        },
      };
    }
    if (rows.get(id) === undefined)
      return { status: 404, body: { message: `No query results for model [App\\Models\\Todo] ${id}` } };
    if (method === 'GET') return { status: 200, body: { data: rows.get(id) } };
    if (method === 'PATCH') return { status: 200, body: { data: rows.put(id, body) } };
    rows.put(id, { deleted_at: rows.stamp() });
    return { status: 204 };
  });
};
