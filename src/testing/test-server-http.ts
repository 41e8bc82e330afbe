import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Json, JsonObject } from '../model/values/json.ts';
import { parseJson, stringifyJson } from '../model/values/exact-json.ts';
import { etagOf, type WireAnswer } from '../server/wire-rules.ts';
import type { RecordedRequest } from './test-server-faults.ts';

/** An answer ready for the socket. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Headers that a browser must be allowed to send and read (PROTOCOL §9, F-92). */
export const corsHeaders: Readonly<Record<string, string>> = {
  'access-control-allow-origin': '*',
  'access-control-allow-methods': 'GET, PUT, POST, DELETE, OPTIONS',
  'access-control-allow-headers':
    'Authorization, Content-Type, X-Idempotency-Key, X-Force-Update, X-Force-Delete, X-Create-Only, If-Match, Last-Event-ID',
  'access-control-expose-headers': 'ETag, Retry-After, Date, Age, X-Page-Limit, X-Tombstone-Retention',
  'access-control-max-age': '600',
};

/** Reads a whole request. `basePath` precedes the kinds. Kind and id are undefined for a path elsewhere. */
export async function readRequest(request: IncomingMessage, basePath: string): Promise<RecordedRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const rawBody = Buffer.concat(chunks).toString('utf8');
  const url = request.url ?? '/';
  // `//` would name another host.
  const parsed = new URL(`http://localhost${url.startsWith('/') ? url : `/${url}`}`);
  const below =
    basePath === '' || parsed.pathname.startsWith(`${basePath}/`) ? parsed.pathname.slice(basePath.length) : undefined;
  const segments = (below ?? '').split('/').slice(1).map(decodeSegment);
  return {
    method: request.method ?? 'GET',
    path: below === undefined ? parsed.pathname : `/${segments.join('/')}`,
    url,
    query: Object.fromEntries(parsed.searchParams),
    headers: request.headers,
    body: parseBody(rawBody),
    rawBody,
    kind: below === undefined || segments.length > 2 ? undefined : segments[0] || undefined,
    id: segments[1] || undefined,
  };
}

export const jsonAnswer = (status: number, body: Json, headers: Readonly<Record<string, string>> = {}): HttpAnswer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', ...headers },
  text: stringifyJson(body),
});

/** Converts an answer of the backend to HTTP. */
export function toHttpAnswer(answer: WireAnswer): HttpAnswer {
  const headers: Record<string, string> = answer.version === undefined ? {} : { etag: etagOf(answer.version) };
  return answer.body === undefined
    ? { status: answer.status, headers, text: '' }
    : jsonAnswer(answer.status, answer.body, headers);
}

/** Writes an answer. With `cut`, writes only the first half of its body before the connection breaks. */
export function writeAnswer(response: ServerResponse, answer: HttpAnswer, cut: boolean): void {
  const bytes = Buffer.from(answer.text, 'utf8');
  const hasBody = answer.status !== 204 && answer.status !== 304;
  response.writeHead(answer.status, {
    ...corsHeaders,
    ...answer.headers,
    ...(hasBody ? { 'content-length': String(bytes.length) } : {}),
  });
  if (!cut) {
    response.end(hasBody ? bytes : undefined);
    return;
  }
  // The headers promise the whole body, but the rest is never sent.
  response.write(bytes.subarray(0, Math.max(1, Math.floor(bytes.length / 2))), () => response.destroy());
}

/** Assigns an id to a POSTed row, like servers that generate ids. */
export const withId = (body: JsonObject, key: string): JsonObject =>
  body[key] === undefined ? { ...body, [key]: randomUUID() } : body;

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    // Kept as received, so that it matches no row and is answered with 404.
    return segment;
  }
}

function parseBody(text: string): Json | undefined {
  if (text === '') return undefined;
  try {
    return parseJson(text);
  } catch {
    // Recorded as text; the route answers 400.
    return text;
  }
}
