import {
  memo,
  useCallback,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
  type KeyboardEvent,
  type ReactNode,
} from 'react';
import { flushSync } from 'react-dom';
import { windowOf, type ListWindow } from '../../views/list-window.ts';

export interface VirtualListProps {
  readonly label: string;
  readonly count: number;
  /** Height of each row, px; rows are all of one height. */
  readonly rowHeight: number;
  readonly row: (index: number) => ReactNode;
  /** Keeps the newest row in sight until somebody scrolls away from it. */
  readonly followEnd?: boolean | undefined;
  /** Called with the range that is in the page, for lists that are fetched in parts. */
  readonly onRange?: ((first: number, last: number) => void) | undefined;
  readonly reveal?: number | undefined;
}

interface Sight {
  readonly seen: ListWindow;
  /** A row's key is its place less this. */
  readonly base: number;
  /** Of the frame, px. */
  readonly height: number;
  readonly isAtEnd: boolean;
}
const nothingSeen: Sight = { seen: { first: 0, end: 0 }, base: 0, height: 0, isAtEnd: true };

/**
 * After a leap no row is there that was, and the elements of the old ones are taken for the new ones: to make them is
 * most of the work.
 */
const baseOf = ({ seen, base }: Sight, next: ListWindow): number =>
  next.first < seen.end && seen.first < next.end ? base : next.first - (seen.first - base);

/** A long list of which only what is in sight is in the page. Scrolling within what is there draws nothing anew. */
export function VirtualList({
  label,
  count,
  rowHeight,
  row,
  followEnd = false,
  onRange,
  reveal,
}: VirtualListProps): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const [{ seen, base, height, isAtEnd }, setSight] = useState<Sight>(nothingSeen);
  const follows = followEnd && isAtEnd;
  // What follows the end is known before it is scrolled to: drawn once, not twice.
  const shown = follows ? windowOf({ top: Math.max(0, count * rowHeight - height), height, rowHeight }) : seen;
  const first = Math.min(shown.first, Math.max(0, count - 1));
  const last = Math.max(first, Math.min(shown.end, count) - 1);

  /** Takes over what is in sight now; the same is no change. */
  const look = useCallback((): void => {
    const list = frame.current;
    if (list === null) return;
    const { scrollTop: top, clientHeight, scrollHeight } = list;
    const next = windowOf({ top, height: clientHeight, rowHeight });
    const atEnd = scrollHeight - top - clientHeight < rowHeight * 2;
    setSight((before) =>
      before.seen.first === next.first &&
      before.seen.end === next.end &&
      before.height === clientHeight &&
      before.isAtEnd === atEnd
        ? before
        : { seen: next, base: baseOf(before, next), height: clientHeight, isAtEnd: atEnd },
    );
  }, [rowHeight]);

  useLayoutEffect(() => {
    const list = frame.current;
    if (list === null) return undefined;
    if (followEnd) list.scrollTop = list.scrollHeight;
    look();
    const resizing = new ResizeObserver(look);
    resizing.observe(list);
    return () => resizing.disconnect();
  }, [followEnd, look]);
  useLayoutEffect(() => {
    if (frame.current !== null && follows && count > 0) frame.current.scrollTop = count * rowHeight;
  }, [follows, count, rowHeight, height]);
  useLayoutEffect(() => {
    const list = frame.current;
    if (list === null || reveal === undefined || reveal < 0) return;
    const top = reveal * rowHeight;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top + rowHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + rowHeight - list.clientHeight;
    look();
  }, [reveal, rowHeight, look]);
  useEffect(() => onRange?.(first, last), [onRange, first, last]);

  // In this frame, not in the next: nobody shall see an empty place.
  const onScroll = (): void => flushSync(look);

  /** Up and down go from row to row; the next one is in the page, since rows beyond the edge are too. */
  const onKeyDown = (event: KeyboardEvent): void => {
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    const own = event.target instanceof Element ? event.target.closest('[aria-posinset]') : null;
    if (step === 0 || own === null) return;
    const place = Number(own.getAttribute('aria-posinset')) + step;
    const next = frame.current?.querySelector<HTMLElement>(`[aria-posinset="${place}"] button`);
    if (next === null || next === undefined) return;
    event.preventDefault();
    next.focus();
  };

  const places = count === 0 ? [] : Array.from({ length: last - first + 1 }, (_, place) => first + place);
  return (
    <div
      className="sc-scroll"
      ref={frame}
      onScroll={onScroll}
      onKeyDown={onKeyDown}
      role="list"
      aria-label={label}
      tabIndex={0}
    >
      <div className="sc-list" style={{ blockSize: count * rowHeight, position: 'relative' }} role="presentation">
        {places.map((index) => (
          <Place key={index - base} index={index} count={count} height={rowHeight} row={row} />
        ))}
      </div>
    </div>
  );
}

interface PlaceProps {
  readonly index: number;
  readonly count: number;
  readonly height: number;
  readonly row: (index: number) => ReactNode;
}

/** Drawn anew when the list's owner is, not when the list is scrolled. */
const Place = memo(
  ({ index, count, height, row }: PlaceProps): ReactNode => (
    <div
      role="listitem"
      aria-setsize={count}
      aria-posinset={index + 1}
      style={{
        position: 'absolute',
        insetBlockStart: 0,
        insetInline: 0,
        blockSize: height,
        contain: 'layout',
        transform: `translateY(${index * height}px)`,
      }}
    >
      {row(index)}
    </div>
  ),
);
