import { ParseError } from '../../model/errors/errors.ts';
import { withoutMark } from '../../model/values/exact-number.ts';
import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import type { PullPage } from '../../model/transport.ts';
import { parseJson } from '../../model/values/exact-json.ts';
import { shapeOf } from '../answers/answer-shape.ts';
import { clockOffsetMsOf, isWebPage, secondsAsMs, type HttpAnswer } from '../http/http-answer.ts';

/** Reads a page (PROTOCOL §2). Throws `ParseError` for anything else, such as a captive portal's 200. */
export function parsePage(kind: string, answer: HttpAnswer): PullPage {
  const body = parseBody(kind, answer.text);
  if (!isJsonObject(body)) throw malformed(kind, `expected a JSON object with 'items', got ${shapeOf(body)}`);
  if (!('items' in body)) throw malformed(kind, `expected a JSON object with a list 'items', got ${shapeOf(body)}`);
  return {
    items: itemsOf(kind, body['items']),
    nextPageToken: tokenOf(kind, body['nextPageToken']),
    hasMore: typeof body['hasMore'] === 'boolean' ? body['hasMore'] : undefined,
    total: typeof body['total'] === 'number' ? body['total'] : undefined,
    pageLimit: countOf(answer.header('x-page-limit')),
    tombstoneRetentionMs: retentionOf(answer.header('x-tombstone-retention')),
    clockOffsetMs: clockOffsetMsOf(answer),
    bytes: answer.text.length,
  };
}

function parseBody(kind: string, text: string): Json {
  try {
    // Some servers start with a byte order mark, which JSON does not allow.
    return parseJson(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text);
  } catch (cause) {
    const isHtml = isWebPage(text);
    throw malformed(
      kind,
      `expected a JSON object with 'items', got ${isHtml ? 'a web page (HTML)' : 'text that is not JSON'}; check baseUrl`,
      {
        cause,
        isHtml,
      },
    );
  }
}

function itemsOf(kind: string, items: Json | undefined): readonly JsonObject[] {
  if (!Array.isArray(items)) throw malformed(kind, `'items' must be a list, got ${shapeOf(items)}`);
  const list: readonly Json[] = items;
  if (list.every(isJsonObject)) return list;
  const wrong = list.findIndex((item) => !isJsonObject(item));
  throw malformed(kind, `items[${wrong}] must be a JSON object, got ${shapeOf(list[wrong])}`);
}

function tokenOf(kind: string, token: Json | undefined): string | undefined {
  if (token === undefined || token === null || token === '') return undefined;
  if (typeof token === 'string') return withoutMark(token);
  if (typeof token === 'number') return String(token);
  throw malformed(kind, `'nextPageToken' must be text, a number or null, got ${shapeOf(token)}`);
}

function countOf(text: string | undefined): number | undefined {
  const count = Number(text ?? '');
  return Number.isInteger(count) && count > 0 ? count : undefined;
}

/** Seconds, as in `Retry-After`. A retention of 0 has no meaning. */
function retentionOf(text: string | undefined): number | undefined {
  const retentionMs = secondsAsMs(text?.trim() ?? '');
  return retentionMs === 0 ? undefined : retentionMs;
}

const malformed = (kind: string, what: string, options?: ConstructorParameters<typeof ParseError>[1]): ParseError =>
  new ParseError(`Failed to parse the page of '${kind}': ${what}`, options);
