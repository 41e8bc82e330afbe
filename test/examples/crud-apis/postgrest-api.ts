import { createApiRows, isTitleTooLong, withMicroseconds } from './api-rows.ts';
import { serveApi, type ApiRequest } from './serve-api.ts';

/**
 * Answers as PostgREST does for a table with a check on `title` and a trigger that sets `updated_at`. Statuses and error
 * bodies: https://docs.postgrest.org/en/v14/references/errors.html
 */
export const startPostgrest = () => {
  const rows = createApiRows('updated_at', withMicroseconds('+00:00'));
  return serveApi((request) => {
    const { method, path, query, body, headers } = request;
    if (headers['apikey'] !== 'anon') return { status: 401, body: { message: 'No API key found in request' } };
    if (path[0] === '') return { status: 200, body: { swagger: '2.0' } };
    if (path[0] !== 'todos')
      return {
        status: 404,
        body: { code: 'PGRST205', message: 'Could not find the table', details: null, hint: null },
      };
    const id = query.get('id')?.replace('eq.', '');
    if (method === 'GET')
      return { status: 200, body: id === undefined ? listed(request) : [rows.get(id) ?? []].flat() };
    if (isTitleTooLong(body))
      return {
        status: 400,
        body: {
          code: '23514',
          message: 'new row for relation "todos" violates check constraint "title_is_short"',
          details: 'Failing row contains (…).',
          hint: null,
        },
      };
    if (method === 'POST') return { status: 201, body: [rows.put(String(body['id']), { deleted_at: null, ...body })] };
    const stored = rows.get(id ?? '');
    const version = query.get('updated_at')?.replace('eq.', '');
    if (stored === undefined || (version !== undefined && version !== stored['updated_at']))
      return { status: 200, body: [] };
    const changes = body['deleted_at'] === 'now' ? { ...body, deleted_at: rows.stamp() } : body;
    return { status: 200, body: [rows.put(id ?? '', changes)] };
  });

  function listed({ query }: ApiRequest) {
    const [, since, afterId] =
      /updated_at\.gt\."([^"]+)",and\(updated_at\.eq\."[^"]+",id\.gt\."([^"]+)"\)/.exec(query.get('or') ?? '') ?? [];
    const from = since ?? query.get('updated_at')?.replace('gte.', '') ?? '1970-01-01T00:00:00Z';
    return rows.list({ since: from, afterId, limit: Number(query.get('limit')) }).rows;
  }
};
