import { createApiRows, isTitleTooLong, maxTitle, withMicroseconds } from './api-rows.ts';
import { serveApi } from './serve-api.ts';

/**
 * Answers as Django REST framework does for a ModelViewSet with LimitOffsetPagination. Error bodies:
 * https://www.django-rest-framework.org/api-guide/exceptions/
 */
export const startDjango = () => {
  const rows = createApiRows('updated_at', withMicroseconds('Z'));
  return serveApi(({ method, path, query, body, headers }) => {
    if (headers.authorization !== 'Token secret')
      return { status: 401, body: { detail: 'Authentication credentials were not provided.' } };
    // APPEND_SLASH redirects a GET, and fails for the rest.
    if (path.at(-1) !== '') return { status: method === 'GET' ? 301 : 500 };
    const [kind, id] = path;
    if (kind === '') return { status: 200, body: { todos: 'http://api/todos/' } };
    if (kind !== 'todos') return { status: 404, body: { detail: 'Not found.' } };
    if (method !== 'GET' && isTitleTooLong(body))
      return { status: 400, body: { title: [`Ensure this field has no more than ${maxTitle} characters.`] } };
    if (id === undefined || id === '') {
      if (method === 'POST') return { status: 201, body: rows.put(String(body['id']), body) };
      const since = query.get('updated_at__gte') ?? '1970-01-01T00:00:00Z';
      const limit = Number(query.get('limit'));
      const { rows: results, total } = rows.list({ since, limit });
      const next = total > limit ? `http://api/todos/?limit=${limit}&offset=${limit}` : null;
      return { status: 200, body: { count: total, next, previous: null, results } };
    }
    if (rows.get(id) === undefined) return { status: 404, body: { detail: 'No Todo matches the given query.' } };
    if (method === 'GET') return { status: 200, body: rows.get(id) };
    if (method === 'PATCH') return { status: 200, body: rows.put(id, body) };
    rows.delete(id);
    return { status: 204 };
  });
};
