import type { JsonObject } from 'synchart';
import { createApiRows, isTitleTooLong, maxTitle, withMilliseconds } from './api-rows.ts';
import { serveApi, type ApiAnswer } from './serve-api.ts';

const failure = (status: number, name: string, message: string, details: JsonObject = {}): ApiAnswer => ({
  status,
  body: { data: null, error: { status, name, message, details } },
});

/**
 * Answers as Strapi 5 does for a collection type without Draft & Publish. https://docs.strapi.io/cms/api/rest, errors:
 * https://docs.strapi.io/cms/error-handling
 */
export const startStrapi = () => {
  const rows = createApiRows('updatedAt', withMilliseconds);
  let count = 0;
  return serveApi(({ method, path, query, body, headers }) => {
    if (path[0] === '_health') return { status: 204 };
    if (headers.authorization !== 'Bearer secret')
      return failure(401, 'UnauthorizedError', 'Missing or invalid credentials');
    const [, kind, documentId] = path;
    if (kind !== 'todos') return failure(404, 'NotFoundError', 'Not Found');
    const data = (body['data'] ?? {}) as JsonObject;
    if (isTitleTooLong(data)) {
      const message = `title must be at most ${maxTitle} characters`;
      return failure(400, 'ValidationError', message, {
        errors: [{ path: ['title'], message, name: 'ValidationError' }],
      });
    }
    if (documentId === undefined && method === 'POST') {
      if (rows.find(({ uid }) => uid === data['uid']) !== undefined)
        return failure(400, 'ValidationError', 'This attribute must be unique');
      count += 1;
      const id = `doc${String(count).padStart(21, '0')}`;
      const now = rows.stamp();
      return {
        status: 201,
        body: { data: rows.put(id, { ...data, id: count, documentId: id, createdAt: now }), meta: {} },
      };
    }
    if (documentId === undefined) {
      const uid = query.get('filters[uid][$eq]');
      const pageSize = Math.min(Number(query.get('pagination[pageSize]') ?? 25), 100);
      const found = rows.list({ since: query.get('filters[updatedAt][$gte]') ?? '1970-01-01', limit: pageSize });
      const one = [rows.find((row) => row['uid'] === uid) ?? []].flat();
      const pagination = { page: 1, pageSize, pageCount: Math.ceil(found.total / pageSize), total: found.total };
      return { status: 200, body: { data: uid === null ? found.rows : one, meta: { pagination } } };
    }
    if (rows.get(documentId) === undefined) return failure(404, 'NotFoundError', 'Not Found');
    if (method === 'PUT') return { status: 200, body: { data: rows.put(documentId, data), meta: {} } };
    rows.delete(documentId);
    return { status: 204 };
  });
};
