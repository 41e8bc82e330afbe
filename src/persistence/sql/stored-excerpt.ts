/** Maximum number of characters of a damaged row in a warning. */
const longestShown = 2_000;

/** The content of a damaged row's columns, for a warning; this may be the only copy (I1, F-164). */
export function storedExcerpt(columns: Readonly<Record<string, unknown>>): string {
  const texts = Object.entries(columns).flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [`${name} ${String(value)}`],
  );
  const shown = texts.join(', ');
  const bounded = shown.length > longestShown ? `${shown.slice(0, longestShown - 1)}…` : shown;
  return bounded.replaceAll('\u0000', '\ufffd');
}
