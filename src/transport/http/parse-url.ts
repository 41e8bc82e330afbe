/** The URL that a text stands for; undefined: it is none. Phones have no `URL.canParse` and no `URL.parse`. */
export function parseUrl(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}
