/** The most characters of a damaged row that a warning shows. */
const longestShown = 2_000;

/** What a damaged row holds in these columns, for a warning: it may be the only copy (I1, F-164). */
export function storedExcerpt(columns: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(columns).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`${name} ${String(value)}`],
  );
  const shown = texts.join(', ');
  const bounded = shown.length > longestShown ? `${shown.slice(0, longestShown - 1)}…` : shown;
  return bounded.replaceAll('\u0000', '\ufffd');
}
