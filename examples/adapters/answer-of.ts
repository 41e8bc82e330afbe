import type { JsonObject } from 'synchart';
import type { MemoryBackend } from 'synchart/testing';
import type { RemoteAnswer, RemoteRequest } from 'synchart/transport';

/**
 * Lets a test make things go wrong: it hands on what the server would answer, answers otherwise, cuts the connection,
 * or says nothing.
 */
export type Intercept = (proceed: () => RemoteAnswer) => Promise<RemoteAnswer | 'cut' | 'silence'>;

/** What the example servers answer. A real one asks its database; this one holds its rows in memory. */
export function answerOf(backend: MemoryBackend, request: Omit<RemoteRequest, 'authorization'>): RemoteAnswer {
  const { action, kind, id, page } = request;
  switch (action) {
    case 'health':
      return { status: 200, body: { status: 'ok' } };
    case 'fetch':
      return backend.fetch(kind, id);
    case 'list': {
      const found = page === undefined ? undefined : backend.list(kind, page);
      if (found === undefined) return { status: 400, body: { error: 'invalid_page' } };
      return { status: 200, body: { ...found, items: [...found.items] } satisfies JsonObject };
    }
    case 'upsert':
    case 'delete':
      return backend.write({ ...request, type: action });
  }
}
