import type { Json, JsonObject, TransportAdapter } from 'synchart';
import {
  createTransport,
  type CreateTransportOptions,
  type RemoteAnswer,
  type RemoteRequest,
} from 'synchart/transport';

export interface GraphqlTransportOptions extends Omit<CreateTransportOptions, 'send' | 'subscribe'> {
  readonly url: string;
}

/** Synchronises with a GraphQL API: one document per thing that is asked, refusals in the errors' `extensions`. */
export const graphqlTransport = ({ url, ...options }: GraphqlTransportOptions): TransportAdapter =>
  createTransport({
    ...options,
    send: async (request, signal) => {
      const response = await fetch(url, {
        method: 'POST',
        // A redirect would carry the token elsewhere.
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          ...(request.authorization === undefined ? {} : { authorization: request.authorization }),
        },
        body: JSON.stringify({ query: documents[request.action], variables: variablesOf(request) }),
        signal,
      });
      return readAnswer(response.status, await response.text(), response.headers.get('retry-after'));
    },
  });

const documents: Readonly<Record<RemoteRequest['action'], string>> = {
  health: '{ result: health }',
  fetch: 'query ($kind: String!, $id: ID!) { result: row(kind: $kind, id: $id) }',
  list: 'query ($kind: String!, $page: PageInput!) { result: changes(kind: $kind, page: $page) { items nextPageToken hasMore } }',
  upsert: `mutation ($kind: String!, $id: ID!, $payload: JSON!, $base: String, $force: Boolean!, $key: ID!, $createOnly: Boolean!) {
    result: save(kind: $kind, id: $id, payload: $payload, base: $base, force: $force, key: $key, createOnly: $createOnly)
  }`,
  delete: `mutation ($kind: String!, $id: ID!, $base: String, $force: Boolean!, $key: ID!) {
    result: remove(kind: $kind, id: $id, base: $base, force: $force, key: $key)
  }`,
};

function variablesOf({ kind, id, page, payload, base, force, key, createOnly, action }: RemoteRequest): object {
  switch (action) {
    case 'health':
      return {};
    case 'fetch':
      return { kind, id };
    case 'list':
      return { kind, page };
    case 'upsert':
      return { kind, id, payload, base, force, key, createOnly };
    case 'delete':
      return { kind, id, base, force, key };
  }
}

/**
 * What the server says in `extensions`, else what HTTP says. What is no GraphQL answer is handed on as it came, and is
 * malformed.
 */
function readAnswer(status: number, text: string, retryAfter: string | null): RemoteAnswer {
  const body = parse(text);
  const extensions = body?.errors?.[0]?.extensions;
  if (extensions?.status !== undefined)
    return { status: extensions.status, body: extensions.body, retryAfter: extensions.retryAfter };
  if (status !== 200 || body === undefined) return { status, text, retryAfter: retryAfter ?? undefined };
  if (body.errors !== undefined)
    return { status: 400, body: { error: 'graphql', message: body.errors[0]?.message ?? 'refused' } };
  // A delete has no row to show.
  return body.data?.result === null ? { status: 204 } : { status: 200, body: body.data?.result };
}

interface GraphqlAnswer {
  readonly data?: { readonly result: Json } | null;
  readonly errors?: readonly { readonly message: string; readonly extensions?: Refusal }[];
}
interface Refusal {
  readonly status?: number;
  readonly body?: JsonObject;
  readonly retryAfter?: string | number;
}

function parse(text: string): GraphqlAnswer | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && ('data' in value || 'errors' in value)
      ? (value as GraphqlAnswer)
      : undefined;
  } catch {
    return undefined;
  }
}
