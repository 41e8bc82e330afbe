/**
 * The paging style of a server. All four are in use, and each must deliver every row once to a client that follows
 * PROTOCOL §2. `offsetToken` is only correct while nobody writes; it serves to test clients.
 */
export type PagingStyle = 'keyset' | 'offsetToken' | 'cursorToken' | 'tokenWithEmptyPages';

export const pagingStyles: readonly PagingStyle[] = ['keyset', 'offsetToken', 'cursorToken', 'tokenWithEmptyPages'];

/** A list request as PROTOCOL §2 spells it. */
export interface PageQuery {
  readonly updatedSince: string;
  readonly limit: number;
  readonly includeDeleted: boolean;
  readonly afterId?: string | undefined;
  readonly pageToken?: string | undefined;
}

/** The start of a page: after a row (including its timestamp if `afterId` is absent), plus `offset` rows. */
export interface PageStart {
  readonly since: string;
  readonly afterId: string | undefined;
  readonly offset: number;
  /** If set, this page is intentionally empty and only carries that token. */
  readonly emptyWithToken?: string;
}

const listParameters = ['updatedSince', 'limit', 'includeDeleted', 'afterId', 'pageToken'];

/** Reads the query of a list request. Returns a string that explains an error. `cap` is the server's own page limit. */
export function parsePageQuery(
  query: Readonly<Record<string, unknown>>,
  options: { readonly cap: number; readonly defaultLimit: number },
): PageQuery | string {
  const repeated = listParameters.find((name) => Array.isArray(query[name]));
  if (repeated !== undefined) return `${repeated} must be given once`;
  const text = (name: string): string | undefined => {
    const value = query[name];
    return typeof value === 'string' ? value : undefined;
  };
  const limit = text('limit') === undefined ? options.defaultLimit : Number(text('limit'));
  if (!Number.isInteger(limit) || limit < 1) return 'limit must be a whole number above 0';
  return {
    updatedSince: text('updatedSince') ?? '1970-01-01T00:00:00.000Z',
    limit: Math.min(limit, options.cap),
    includeDeleted: text('includeDeleted') === 'true',
    afterId: text('afterId'),
    pageToken: text('pageToken'),
  };
}

/** Finds the start of the requested page; undefined for an unknown token. */
export function pageStart(style: PagingStyle, query: PageQuery): PageStart | undefined {
  const first: PageStart = { since: query.updatedSince, afterId: query.afterId, offset: 0 };
  const token = query.pageToken;
  if (token === undefined || style === 'keyset') return first;
  if (style === 'offsetToken') return /^\d{1,15}$/.test(token) ? { ...first, offset: Number(token) } : undefined;
  const position = decodePosition(token.slice(1));
  if (position === undefined) return undefined;
  if (token.startsWith('e')) return { ...first, ...position, emptyWithToken: `p${token.slice(1)}` };
  return token.startsWith('p') ? { ...first, ...position } : undefined;
}

/** The token of the page after one that ended with this row; undefined if there is no further page. */
export function nextToken(
  style: PagingStyle,
  start: PageStart,
  page: { readonly size: number; readonly lastTs: string; readonly lastId: string; readonly more: boolean },
): string | undefined {
  if (!page.more || style === 'keyset') return undefined;
  if (style === 'offsetToken') return String(start.offset + page.size);
  return `${style === 'tokenWithEmptyPages' ? 'e' : 'p'}${encodeURIComponent(JSON.stringify([page.lastTs, page.lastId]))}`;
}

function decodePosition(text: string): { since: string; afterId: string } | undefined {
  try {
    const value: unknown = JSON.parse(decodeURIComponent(text));
    if (!Array.isArray(value)) return undefined;
    const [since, afterId]: unknown[] = value;
    return typeof since === 'string' && typeof afterId === 'string' ? { since, afterId } : undefined;
  } catch {
    // The token is truncated or invented; the caller answers 400.
    return undefined;
  }
}
