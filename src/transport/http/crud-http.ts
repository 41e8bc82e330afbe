import type { Json } from '../../model/values/json.ts';
import { stringifyJson } from '../../model/values/exact-json.ts';
import type { RemoteAnswer } from './remote-request.ts';
import { isSuccessStatus, jsonOf, readBody } from './http-answer.ts';

/** One HTTP request to a CRUD backend. */
export interface CrudRequest {
  /** @defaultValue `GET` */
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  /** The segments of the path below `url`. Each is percent-encoded; an empty last one ends the path with a slash. */
  readonly path: readonly string[];
  /** Undefined values are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>> | undefined;
  readonly body?: Json | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /**
   * Turns the JSON of a successful answer into what the transport expects: a row, or `{ items }` for a list. Refusals
   * and bodies that are not JSON stay as they came.
   */
  readonly as?: ((body: never) => Json) | undefined;
}

/** Sends one request with the token, the headers and the signal, and resolves with whatever the backend answers. */
export type CrudHttp = (request: CrudRequest) => Promise<RemoteAnswer>;

interface HttpContext {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly authorization: string | undefined;
  readonly signal: AbortSignal;
}

export const createCrudHttp =
  ({ url, headers, authorization, signal }: HttpContext): CrudHttp =>
  async (request) => {
    const { method = 'GET', path, query = {}, body, as } = request;
    const response = await fetch(
      `${url.replace(/\/+$/, '')}/${path.map(encodeURIComponent).join('/')}${searchOf(query)}`,
      {
        method,
        // A redirect would carry the token elsewhere.
        redirect: 'manual',
        headers: {
          Accept: 'application/json',
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
          ...(authorization === undefined ? {} : { Authorization: authorization }),
          ...headers,
          ...request.headers,
        },
        ...(body === undefined ? {} : { body: stringifyJson(body) }),
        signal,
      },
    );
    return readAnswer(response, as);
  };

function searchOf(query: NonNullable<CrudRequest['query']>): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) search.append(name, String(value));
  const text = search.toString();
  return text === '' ? '' : `?${text}`;
}

async function readAnswer(response: Response, as: CrudRequest['as']): Promise<RemoteAnswer> {
  const { status, headers } = response;
  const text = await response.text();
  const answer = {
    status,
    text,
    retryAfter: headers.get('retry-after') ?? undefined,
    date: headers.get('date') ?? undefined,
  };
  if (as === undefined || !isSuccessStatus(status)) return answer;
  const json = jsonOf(readBody({ text }));
  return json === undefined ? answer : { ...answer, text: undefined, body: as(json as never) };
}
