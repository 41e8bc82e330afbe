import { isJsonObject, type Json, type JsonObject } from '../../model/values/json.ts';
import { rowIdOf } from './answer-fields.ts';
import { excerpt, isWebPage } from '../http/http-answer.ts';

/** The server's own reason for a refusal. `fields` maps wire keys to reasons. */
export interface Refusal {
  readonly code?: string | undefined;
  readonly message?: string | undefined;
  readonly fields?: Readonly<Record<string, string>> | undefined;
}

/** One reason given by a server. Without a field, it concerns the whole row. */
interface Reason {
  readonly field: string;
  readonly text: string;
}

/** People do not read more, and stored and shown texts stay bounded. */
const mostReasons = 20;
const deepest = 3;

/** Where servers put their list or map of single reasons. */
const reasonKeys = [
  'fields',
  'errors',
  'invalid-params',
  'invalidParams',
  'violations',
  'issues',
  'fieldErrors',
  'validationErrors',
] as const;
const fieldKeys = [
  'field',
  'path',
  'loc',
  'param',
  'parameter',
  'property',
  'propertyPath',
  'pointer',
  'attribute',
] as const;
const textKeys = ['message', 'msg', 'detail', 'reason', 'defaultMessage', 'description', 'title'] as const;
/** Names under which Django REST and others list reasons that belong to no field. */
const noField: ReadonlySet<string> = new Set(['', 'non_field_errors', '__all__', 'base', '_error', '_schema']);

/**
 * Extracts a refusal from common bodies: this protocol's (`{ error, message, fields }`), problem details (RFC 9457),
 * JSON:API, and those of common frameworks. Never throws, and limits the result. Copies reasons and field names, never
 * submitted values.
 */
export function refusalOf(body: Json | undefined): Refusal {
  if (typeof body === 'string') return refusalOfText(body);
  if (Array.isArray(body)) return toRefusal(undefined, [], readReasons(body, '', 0));
  if (!isJsonObject(body)) return {};
  const nested = body['error'];
  const source = [nested, body['detail']].find(isJsonObject) ?? body;
  const reasons = reasonsOf(source, body);
  const hasWords = [...textKeys, 'error', 'code', 'error_description', ...reasonKeys].some(
    (key) => key in source && !Array.isArray(source[key]),
  );
  // A body that consists of lists of reasons by field, as sent by Django REST and Rails.
  if (reasons.length === 0 && !hasWords && Object.values(source).every((value) => isReasonTree(value)))
    return toRefusal(undefined, [], readReasons(source, '', 0));
  const isSentence = (text: string | undefined): text is string => text !== undefined && /\s/.test(text);
  const plainError = [textOf(nested), textOf(source['error'])].find(isSentence);
  const said =
    listOrText(source['message']) ??
    textOf(source['detail']) ??
    textOf(source['error_description']) ??
    titleOf(source) ??
    plainError;
  // PostgREST puts more details beside the message.
  const more = [textOf(source['details']), textOf(source['hint'])].filter((text) => text !== undefined).join(' ');
  const message = said === undefined || more === '' ? (said ?? more) : `${said} (${more})`;
  return toRefusal(codeOf(body) ?? codeInList(source['errors']), message === '' ? [] : [message], reasons);
}

/** The title of problem details. A returned row may have a title too, which is not a reason. */
const titleOf = (source: JsonObject): string | undefined =>
  rowIdOf(source) === undefined ? textOf(source['title']) : undefined;

/** The code at the place that this protocol uses. A sentence is not a code. */
export function codeOf(body: JsonObject): string | undefined {
  const nested = body['error'];
  const source = [nested, body['detail']].find(isJsonObject) ?? body;
  // Strapi puts the error class there.
  const name = source === nested ? source['name'] : undefined;
  return [source['code'], nested, source['error'], name]
    .map(textOf)
    .find((text) => text !== undefined && /^\S+$/.test(text));
}

/** Extracts a refusal from text instead of JSON: the title or first heading of a page, otherwise its words. */
export function refusalOfText(text: string): Refusal {
  const start = text.slice(0, 20_000).trim();
  const isPage = isWebPage(start);
  const words = isPage ? pageWords(start) : start;
  const message = words.replace(/\s+/g, ' ').trim();
  return message === '' ? {} : { message: excerpt(message) };
}

function pageWords(html: string): string {
  const bare = html.replace(/<(script|style)\b[^]*?(<\/\1\s*>|$)/gi, ' ');
  const heading = /<title[^>]*>([^<]+)/i.exec(bare)?.[1] ?? /<h1[^>]*>([^<]+)/i.exec(bare)?.[1];
  return heading ?? bare.replace(/<[^>]*>/g, ' ');
}

function toRefusal(code: string | undefined, said: readonly string[], reasons: readonly Reason[]): Refusal {
  const byField = new Map<string, string>();
  const texts = [...said];
  for (const { field, text } of reasons.slice(0, mostReasons)) {
    if (noField.has(field)) {
      if (!texts.some((known) => known.includes(text))) texts.push(text);
    } else {
      const known = byField.get(field);
      byField.set(field, known === undefined || known === text ? text : `${known} ${text}`);
    }
  }
  const message = texts.join(' ');
  return {
    ...(code === undefined ? {} : { code: excerpt(code, 100) }),
    ...(message === '' ? {} : { message: excerpt(message) }),
    // fromEntries defines own properties, so a field named __proto__ stays a field.
    ...(byField.size === 0
      ? {}
      : { fields: Object.fromEntries([...byField].map(([field, text]) => [field, excerpt(text)])) }),
  };
}

function reasonsOf(source: JsonObject, body: JsonObject): readonly Reason[] {
  const details = source['details'];
  const candidates: readonly (Json | undefined)[] = [
    ...[source, body].flatMap((holder) => reasonKeys.map((key) => holder[key])),
    isJsonObject(details) ? (details['errors'] ?? details['fields']) : details,
    // FastAPI.
    source['detail'],
    // A list instead of the nested object.
    Array.isArray(source['error']) ? source['error'] : undefined,
  ];
  for (const candidate of candidates) {
    const reasons = typeof candidate === 'object' && candidate !== null ? readReasons(candidate, '', 0) : [];
    if (reasons.length > 0) return reasons;
  }
  return [];
}

/** Reads strings, lists, maps by field, and objects that name their field. */
function readReasons(value: Json, field: string, depth: number): readonly Reason[] {
  if (typeof value === 'string') return value === '' ? [] : [{ field, text: excerpt(value) }];
  if (depth > deepest) return [];
  if (Array.isArray(value)) {
    const items: readonly Json[] = value;
    return items.slice(0, mostReasons).flatMap((item) => readReasons(item, field, depth + 1));
  }
  if (!isJsonObject(value)) return [];
  // An object is one reason only within a list or under a field. At the top it is a map, and its fields may be called
  // `message`. An object with an id may be a returned row, whose title is not a reason.
  const keys =
    rowIdOf(value) === undefined ? textKeys : textKeys.filter((key) => key === 'message' || key === 'detail');
  const text = depth === 0 ? undefined : keys.map((key) => textOf(value[key])).find((found) => found !== undefined);
  const named = fieldNameOf(value);
  if (text !== undefined && (field === '' || named !== undefined || 'message' in value)) {
    return [{ field: named === undefined || named === field ? field : joined(field, named), text: excerpt(text) }];
  }
  if (keys !== textKeys) return [];
  return Object.entries(value)
    .slice(0, mostReasons)
    .flatMap(([key, inner]) =>
      readReasons(inner, noField.has(key) ? field : joined(field, key.slice(0, 100)), depth + 1),
    );
}

const joined = (outer: string, inner: string): string =>
  outer === '' ? inner : inner === '' ? outer : `${outer}.${inner}`;

function fieldNameOf(entry: JsonObject): string | undefined {
  const { source, extensions } = entry;
  // The path of a GraphQL error refers to the query.
  if (isJsonObject(extensions)) return pathOf(extensions['field']);
  const places: readonly (Json | undefined)[] = [
    ...fieldKeys.map((key) => entry[key]),
    isJsonObject(source) ? (source['pointer'] ?? source['parameter']) : undefined,
    // For `invalid-params`. Elsewhere `name` is the name of the error.
    'reason' in entry ? entry['name'] : undefined,
  ];
  return places.map(pathOf).find((path) => path !== undefined);
}

/** A path as string or list. Removes the envelope of a JSON pointer, and FastAPI's prefix for the body. */
function pathOf(value: Json | undefined): string | undefined {
  if (Array.isArray(value)) {
    const parts = value.filter((part) => typeof part === 'string' || typeof part === 'number').map(String);
    return cut((parts[0] === 'body' ? parts.slice(1) : parts).join('.'));
  }
  const text = textOf(value);
  if (text === undefined) return undefined;
  if (!/^#?\//.test(text)) return cut(text);
  const parts = text
    .replace(/^#?\//, '')
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return cut(
    (parts[0] === 'data' ? parts.slice(parts[1] === 'attributes' || parts[1] === 'relationships' ? 2 : 1) : parts).join(
      '.',
    ),
  );
}

const cut = (path: string): string | undefined => (path === '' ? undefined : path.slice(0, 100));

/** Directus and JSON:API put the code into the entries. */
function codeInList(errors: Json | undefined): string | undefined {
  const first: Json | undefined = Array.isArray(errors) ? errors[0] : undefined;
  if (!isJsonObject(first)) return undefined;
  const { code, extensions } = first;
  return textOf(code) ?? (isJsonObject(extensions) ? textOf(extensions['code']) : undefined);
}

const isReasonTree = (value: Json, depth = 0): boolean =>
  Array.isArray(value)
    ? value.every(
        (item: Json) =>
          typeof item === 'string' || (isJsonObject(item) && depth < deepest && isReasonTree(item, depth + 1)),
      )
    : isJsonObject(value) && depth < deepest && Object.values(value).every((inner) => isReasonTree(inner, depth + 1));

const textOf = (value: Json | undefined): string | undefined =>
  typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;

/** NestJS lists its messages. */
function listOrText(value: Json | undefined): string | undefined {
  if (!Array.isArray(value)) return textOf(value);
  const texts = value
    .slice(0, mostReasons)
    .map(textOf)
    .filter((text) => text !== undefined);
  return texts.length === 0 ? undefined : texts.join('; ');
}
