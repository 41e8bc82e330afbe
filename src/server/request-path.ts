/**
 * Splits the path of a request below a prefix into decoded segments. Decodes each segment separately, because an id may
 * contain an encoded slash. Undefined for a path elsewhere or an invalid encoding.
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
