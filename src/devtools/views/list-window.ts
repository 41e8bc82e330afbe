/** Rows of a list that are in the page: from `first` up to, not including, `end`. */
export interface ListWindow {
  readonly first: number;
  readonly end: number;
}

/** Rows beyond the edges, so that the next one is there before it is seen. */
const beyond = 6;
/** The window moves by so many rows at a time: scrolling by less draws nothing. */
const step = 4;

/**
 * Which rows to put into the page for what is in sight: `top` and `height` in px. The end may lie beyond the list's.
 */
export function windowOf({
  top,
  height,
  rowHeight,
}: {
  readonly top: number;
  readonly height: number;
  readonly rowHeight: number;
}): ListWindow {
  const first = Math.max(0, Math.floor((top / rowHeight - beyond) / step) * step);
  const end = Math.ceil(((top + height) / rowHeight + beyond) / step) * step;
  return { first, end };
}
