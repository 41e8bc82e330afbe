import type { ReactNode } from 'react';

const paths = {
  play: 'M4 3l9 5-9 5z',
  pause: 'M4 3h3v10H4zM9 3h3v10H9z',
  sync: 'M13 8a5 5 0 0 1-9 3M3 8a5 5 0 0 1 9-3M12 2v3H9M4 14v-3h3',
  resync: 'M8 2v5l3 2M2.5 8a5.5 5.5 0 1 0 2-4.2M4 1v3h3',
  close: 'M4 4l8 8M12 4l-8 8',
  search: 'M7 12A5 5 0 1 0 7 2a5 5 0 0 0 0 10zM11 11l3 3',
  download: 'M8 2v8M5 7l3 3 3-3M3 13h10',
  open: 'M3 13V4h4l1 2h5v7z',
  window: 'M6 3H3v10h10v-3M9 3h4v4M13 3L7 9',
  trash: 'M3 4h10M6 4V2h4v2M5 4l1 10h4l1-10',
  record: 'M8 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8z',
  left: 'M10 3L5 8l5 5',
  right: 'M6 3l5 5-5 5',
  zoomIn: 'M3 8h10M8 3v10',
  zoomOut: 'M3 8h10',
  fit: 'M3 6V3h3M10 3h3v3M13 10v3h-3M6 13H3v-3',
  here: 'M8 1v3M8 12v3M1 8h3M12 8h3M8 5a3 3 0 1 0 0 6 3 3 0 0 0 0-6z',
  more: 'M4 8h.01M8 8h.01M12 8h.01',
  dock: 'M2 3h12v10H2zM2 9h12',
  key: 'M10.5 2.5a3 3 0 1 0 0 6 3 3 0 0 0 0-6zM8.4 7.6L3 13M5 11l2 2',
  moon: 'M12 10A5 5 0 0 1 6 4a5 5 0 1 0 6 6z',
} as const;
export type IconName = keyof typeof paths;

/** A drawing beside a text or inside a labelled button; it says nothing by itself. */
export const Icon = ({ name }: { readonly name: IconName }): ReactNode => (
  <svg
    width="14"
    height="14"
    viewBox="0 0 16 16"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.6"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    <path d={paths[name]} />
  </svg>
);
