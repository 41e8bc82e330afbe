import { memo, useEffect, useRef, useState, type ReactNode } from 'react';
import { mostDrawnRuns, stripOf, type StripBar, type StripRun } from '../../views/entries/run-strip.ts';
import type { RunSpan } from '../../views/entries/run-spans.ts';
import { IconButton } from '../parts/icon-button.tsx';

const mostZoom = 64;

export interface RunStripProps {
  readonly runs: readonly RunSpan[];
  readonly selectedRun: number | undefined;
  /** Shows an entry in the list. */
  readonly onJump: (entryId: number) => void;
}

/** The newest runs side by side: phases as a band, requests below it. What is drawn is in the list below as text. */
export function RunStrip({ runs, selectedRun, onJump }: RunStripProps): ReactNode {
  const [zoom, setZoom] = useState(1);
  const frame = useRef<HTMLDivElement>(null);
  const strip = stripOf(runs);
  const change = (factor: number): void => setZoom((before) => Math.min(mostZoom, Math.max(1, before * factor)));

  useEffect(() => {
    const shown = frame.current;
    // React listens passively, where a page that scrolls could not be held back.
    const onWheel = (event: WheelEvent): void => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      change(event.deltaY < 0 ? 1.25 : 0.8);
    };
    shown?.addEventListener('wheel', onWheel, { passive: false });
    return () => shown?.removeEventListener('wheel', onWheel);
  }, []);
  useEffect(() => {
    const shown = frame.current;
    if (shown !== null) shown.scrollLeft = shown.scrollWidth;
  }, [zoom, runs.length]);

  if (strip.length === 0) return null;
  return (
    <div className="sc-strip">
      <div className="sc-strip-frame" ref={frame} role="group" aria-label="Runs, oldest first" tabIndex={0}>
        <div className="sc-strip-band" style={{ inlineSize: `${zoom * 100}%` }}>
          {strip.map((run) => (
            <RunBar key={run.run.runId} bar={run} isSelected={run.run.runId === selectedRun} onJump={onJump} />
          ))}
        </div>
      </div>
      <div className="sc-strip-tools">
        <IconButton icon="zoomIn" label="Zoom in" disabled={zoom >= mostZoom} onClick={() => change(2)} />
        <IconButton icon="zoomOut" label="Zoom out" disabled={zoom <= 1} onClick={() => change(0.5)} />
        <IconButton icon="fit" label="Show all runs" disabled={zoom === 1} onClick={() => setZoom(1)} />
      </div>
      {runs.length > mostDrawnRuns && (
        <p className="quiet sc-strip-note">
          The newest {mostDrawnRuns} of {runs.length.toLocaleString('en')} runs
        </p>
      )}
    </div>
  );
}

interface RunBarProps {
  readonly bar: StripRun;
  readonly isSelected: boolean;
  readonly onJump: (entryId: number) => void;
}

const RunBar = ({
  bar: { run, start, length, tone, title, phases, requests },
  isSelected,
  onJump,
}: RunBarProps): ReactNode => (
  <div className="sc-run" style={{ insetInlineStart: `${start}%`, inlineSize: `${length}%` }}>
    <button
      type="button"
      className="sc-run-head clip"
      data-tone={tone}
      aria-label={title}
      title={title}
      aria-current={isSelected}
      onClick={() => onJump(run.firstId)}
    >
      {run.runId}
    </button>
    <Bars className="sc-phases" isNamed bars={phases} onJump={onJump} />
    <Bars className="sc-calls" bars={requests} onJump={onJump} />
  </div>
);

interface BarsProps {
  readonly className: string;
  readonly bars: readonly StripBar[];
  /** Writes the name into each bar, as far as it goes. */
  readonly isNamed?: boolean;
  readonly onJump: (entryId: number) => void;
}

/** For the mouse only: by keyboard the same is in the list. */
const Bars = memo(
  ({ className, bars, isNamed = false, onJump }: BarsProps): ReactNode => (
    <div className={className} aria-hidden="true">
      {bars.map(({ start, length, tone, title, entryId }) => (
        <span
          key={entryId}
          data-tone={tone}
          title={title}
          style={{ insetInlineStart: `${start}%`, inlineSize: `${length}%` }}
          onClick={() => onJump(entryId)}
        >
          {isNamed ? title : undefined}
        </span>
      ))}
    </div>
  ),
);
