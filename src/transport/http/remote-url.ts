/**
 * The address under which `createTransport` encodes in URLs what `send` receives as fields. Nothing is ever sent there.
 */
export const remoteBase = 'http://remote.invalid';

export interface RemoteTarget {
  readonly action: 'list' | 'upsert' | 'delete' | 'fetch' | 'health';
  readonly kind: string;
  readonly id: string;
  readonly query: URLSearchParams;
}

/** Decodes a request under {@link remoteBase}. */
export function readRemoteUrl(method: string | undefined, url: string): RemoteTarget {
  const { pathname, searchParams: query } = new URL(url);
  const [kind = '', id = ''] = pathname.slice(1).split('/').map(decodeURIComponent);
  if (method === 'PUT') return { action: 'upsert', kind, id, query };
  if (method === 'DELETE') return { action: 'delete', kind, id, query };
  if (id !== '') return { action: 'fetch', kind, id, query };
  // A list always has a limit, so that a kind may be called 'health'.
  return query.get('limit') === null
    ? { action: 'health', kind: '', id: '', query }
    : { action: 'list', kind, id: '', query };
}

/** Names a request in messages. Omits the query of the URL, because it may contain a key of the app. */
export function requestLabel(method: string, url: string): string {
  if (!url.startsWith(`${remoteBase}/`)) return `${method} ${url.split('?', 1)[0] ?? ''}`;
  const { action, kind, id } = readRemoteUrl(method, url);
  return action === 'health' ? action : `${action} of ${id === '' ? kind : `${kind}/${id.slice(0, 60)}`}`;
}
