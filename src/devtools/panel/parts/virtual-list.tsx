import { useVirtualizer } from '@tanstack/react-virtual';
import { useEffect, useRef, type KeyboardEvent, type ReactNode } from 'react';

export interface VirtualListProps {
  readonly label: string;
  readonly count: number;
  /** Height of each row, px; rows are all of one height. */
  readonly rowHeight: number;
  readonly row: (index: number) => ReactNode;
  /** Keeps the newest row in sight until somebody scrolls away from it. */
  readonly followEnd?: boolean | undefined;
  /** Called with the range that is in sight, for lists that are fetched in parts. */
  readonly onRange?: ((first: number, last: number) => void) | undefined;
  readonly reveal?: number | undefined;
}

/** A long list of which only what is in sight is in the page. */
export function VirtualList({ label, count, rowHeight, row, followEnd = false, onRange, reveal }: VirtualListProps): ReactNode {
  const frame = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({ count, getScrollElement: () => frame.current, estimateSize: () => rowHeight, overscan: 12 });
  const items = virtual.getVirtualItems();
  const first = items[0]?.index ?? 0;
  const last = items.at(-1)?.index ?? 0;
  const isAtEnd = useRef(true);

  useEffect(() => onRange?.(first, last), [onRange, first, last]);
  useEffect(() => {
    if (followEnd && isAtEnd.current && count > 0) virtual.scrollToIndex(count - 1, { align: 'end' });
  }, [followEnd, count, virtual]);
  useEffect(() => {
    if (reveal !== undefined && reveal >= 0) virtual.scrollToIndex(reveal, { align: 'auto' });
  }, [reveal, virtual]);

  const onScroll = (): void => {
    const shown = frame.current;
    if (shown !== null) isAtEnd.current = shown.scrollHeight - shown.scrollTop - shown.clientHeight < rowHeight * 2;
  };

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

  return (
    <div className="sc-scroll" ref={frame} onScroll={onScroll} onKeyDown={onKeyDown} role="list" aria-label={label} tabIndex={0}>
      <div className="sc-list" style={{ blockSize: virtual.getTotalSize(), position: 'relative' }} role="presentation">
        {items.map((item) => (
          <div
            key={item.key}
            role="listitem"
            aria-setsize={count}
            aria-posinset={item.index + 1}
            style={{ position: 'absolute', insetBlockStart: 0, insetInline: 0, blockSize: rowHeight, transform: `translateY(${item.start}px)` }}
          >
            {row(item.index)}
          </div>
        ))}
      </div>
    </div>
  );
}
