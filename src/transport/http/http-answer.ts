import type { Json } from '../../model/values/json.ts';
import { parseJson } from '../../model/values/exact-json.ts';

/** A complete HTTP answer of any status. `receivedAt` is epoch ms of the local clock. */
export interface HttpAnswer {
  readonly status: number;
  /** The requested URL. */
  readonly url: string;
  readonly text: string;
  /** The value of a header by its lower-case name. */
  header(name: string): string | undefined;
  readonly receivedAt: number;
}

/** The content of a body: nothing, JSON, or something that the API would not send (a captive portal's page, F-23). */
export type Body =
  | { readonly type: 'empty' }
  | { readonly type: 'json'; readonly value: Json }
  | { readonly type: 'notJson'; readonly text: string; readonly isHtml: boolean };

export function readBody(answer: Pick<HttpAnswer, 'text'>): Body {
  const text = answer.text.trim();
  if (text === '') return { type: 'empty' };
  try {
    return { type: 'json', value: parseJson(text) };
  } catch {
    return { type: 'notJson', text, isHtml: isWebPage(text) };
  }
}

/** Whether a text begins like a web page, whatever its `Content-Type` is. */
export const isWebPage = (text: string): boolean =>
  /^\s*(?:<\?xml[^>]*>\s*)?(?:<!--(?:(?!-->)[^])*-->\s*)*<(?:!doctype\s+html|html|head|body|title|meta|script|h1|p|div|center|pre)\b/i.test(
    text.slice(0, 1_000),
  );

/** The body's JSON; undefined if there is none. */
export function jsonOf(body: Body): Json | undefined {
  return body.type === 'json' ? body.value : undefined;
}

/** Shortens foreign text for messages and logs. */
export const excerpt = (text: string, length = 300): string =>
  text.length <= length ? text : `${text.slice(0, length)}…`;

export const isSuccessStatus = (status: number): boolean => status >= 200 && status <= 299;

/**
 * Reads `Retry-After` as a wait in ms, from seconds or an HTTP date. Compares a date with the server's own clock
 * (F-85). Does not limit the result.
 */
export function retryAfterMsOf(answer: HttpAnswer): number | undefined {
  const text = answer.header('retry-after')?.trim();
  if (text === undefined || text === '') return undefined;
  const seconds = secondsAsMs(text);
  if (seconds !== undefined) return seconds;
  const at = Date.parse(text);
  if (Number.isNaN(at)) return undefined;
  const serverNow = Date.parse(answer.header('date') ?? '');
  return Math.max(0, at - (Number.isNaN(serverNow) ? answer.receivedAt : serverNow));
}

/** Converts a header's seconds to ms. Undefined for anything but a plain decimal number. */
export function secondsAsMs(text: string): number | undefined {
  // A huge number must not become Infinity.
  return /^\d+(\.\d+)?$/.test(text) ? Math.min(Math.round(Number(text) * 1000), Number.MAX_SAFE_INTEGER) : undefined;
}

/**
 * Estimates server time minus local time in ms. `Date` has a precision of one second, so its middle is used. `Age` adds
 * the seconds that a cache has held the answer.
 */
export function clockOffsetMsOf(answer: HttpAnswer): number | undefined {
  const serverTime = Date.parse(answer.header('date') ?? '');
  if (Number.isNaN(serverTime)) return undefined;
  const age = secondsAsMs(answer.header('age')?.trim() ?? '') ?? 0;
  return Math.round(serverTime + age + 500 - answer.receivedAt);
}
