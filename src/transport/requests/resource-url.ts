import { ValidationError } from '../../model/errors/errors.ts';

export type QueryValue = string | number | boolean | undefined;

/**
 * Builds the URLs of one backend. Keeps the base path and query, and escapes every segment (F-80, F-81). Throws
 * `ValidationError` before anything is sent for a segment that would name another resource.
 */
export class ResourceUrls {
  readonly #prefix: string;
  readonly #baseQuery: string;
  readonly #end: string;

  constructor(base: URL, options: { readonly trailingSlash?: boolean } = {}) {
    this.#end = options.trailingSlash === true ? '/' : '';
    const path = base.pathname.replace(/\/+$/, '');
    this.#prefix = `${base.protocol}//${base.host}${path}`;
    this.#baseQuery = base.search.slice(1);
  }

  collection(kind: string, query: Readonly<Record<string, QueryValue>> = {}): string {
    return this.#build([segmentOf(kind, () => `kind '${kind}'`)], query);
  }

  entity(kind: string, id: string, query: Readonly<Record<string, QueryValue>> = {}): string {
    return this.#build(
      [segmentOf(kind, () => `kind '${kind}'`), segmentOf(id, () => `id '${id}' of kind '${kind}'`)],
      query,
    );
  }

  /** Throws like {@link entity} for an id that cannot be part of a path, even if it travels in a body. */
  check(kind: string, id: string): void {
    segmentOf(kind, () => `kind '${kind}'`);
    segmentOf(id, () => `id '${id}' of kind '${kind}'`);
  }

  /** A path that the app's developer chose, such as `health` or `v2/batch`. */
  path(path: string): string {
    return this.#build(
      path.split('/').map((segment) => encodeURIComponent(segment)),
      {},
    );
  }

  #build(segments: readonly string[], query: Readonly<Record<string, QueryValue>>): string {
    const search = [this.#baseQuery];
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) search.push(`${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
    }
    const joined = search.filter((part) => part !== '').join('&');
    return `${this.#prefix}/${segments.join('/')}${this.#end}${joined === '' ? '' : `?${joined}`}`;
  }
}

/** Checks and escapes one path segment. `what` names it in the error. */
function segmentOf(text: string, what: () => string): string {
  // '.' and '..' survive encodeURIComponent and would lead to the parent path. An empty segment would name the whole
  // collection.
  if (text === '') throw new ValidationError(`An empty segment cannot be sent: ${what()}. Give the entity an id.`);
  if (text === '.' || text === '..')
    throw new ValidationError(`The path segments '.' and '..' cannot be sent: ${what()}. Choose another one.`);
  try {
    return encodeURIComponent(text);
  } catch (cause) {
    throw new ValidationError(
      `A segment with half a surrogate pair is not valid Unicode and cannot be sent: ${what()}.`,
      { cause },
    );
  }
}
