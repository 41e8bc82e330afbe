import { createApiRows, isTitleTooLong, maxTitle, withMilliseconds } from './api-rows.ts';
import { serveApi, type ApiAnswer } from './serve-api.ts';

interface Filter {
  readonly id?: { readonly _eq: string };
  readonly _or?: readonly [
    { readonly updated_at: { readonly _gt: string } },
    { readonly id?: { readonly _gt: string } },
  ];
}

const failure = (status: number, code: string, message: string, extensions: object = {}): ApiAnswer => ({
  status,
  body: { errors: [{ message, extensions: { code, ...extensions } }] },
});

/**
 * Answers as Directus does. https://directus.io/docs/api/items, errors:
 * https://directus.io/docs/guides/connect/errors. For a key that is not there it answers 403:
 * https://github.com/directus/directus/issues/9366
 */
export const startDirectus = () => {
  const rows = createApiRows('updated_at', withMilliseconds);
  return serveApi(({ method, path, query, body, headers }) => {
    if (path[0] === 'server') return { status: 200, body: 'pong' };
    if (headers.authorization !== 'Bearer secret')
      return failure(401, 'INVALID_CREDENTIALS', 'Invalid user credentials.');
    const [, kind, id] = path;
    if (kind !== 'todos') return failure(403, 'FORBIDDEN', "You don't have permission to access this.");
    if (method !== 'GET' && isTitleTooLong(body))
      return failure(
        400,
        'FAILED_VALIDATION',
        `Validation failed for field "title". Length must be at most ${maxTitle}.`,
        {
          field: 'title',
          type: 'max_length',
        },
      );
    if (method === 'POST') return { status: 200, body: { data: rows.put(String(body['id']), body) } };
    if (id === undefined) {
      const { id: one, _or } = JSON.parse(query.get('filter') ?? '{}') as Filter;
      if (one !== undefined) return { status: 200, body: { data: [rows.get(one._eq) ?? []].flat() } };
      const since = _or?.[0].updated_at._gt ?? '1970-01-01';
      return {
        status: 200,
        body: { data: rows.list({ since, afterId: _or?.[1].id?._gt, limit: Number(query.get('limit') ?? 100) }).rows },
      };
    }
    if (rows.get(id) === undefined) return failure(403, 'FORBIDDEN', "You don't have permission to access this.");
    if (method === 'PATCH') return { status: 200, body: { data: rows.put(id, body) } };
    rows.delete(id);
    return { status: 204 };
  });
};
