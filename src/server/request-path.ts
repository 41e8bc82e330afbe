/**
 * Splits the path of a request below a prefix into its segments, each decoded by itself: an id may hold an encoded
 * slash. Undefined for a path that lies elsewhere or is no valid encoding.
 */
export function pathSegments(url: string, prefix: string): readonly string[] | undefined {
  const path = url.split('?', 1)[0] ?? '';
  if (!path.startsWith(`${prefix}/`)) return undefined;
  try {
    return path
      .slice(prefix.length + 1)
      .split('/')
      .map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
