/** Parses a URL; undefined for an invalid one. Phones lack `URL.canParse` and `URL.parse`. */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
