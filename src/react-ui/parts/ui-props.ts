import type { SomeWords } from '../words/ui-words.ts';

/** What all components take. */
export interface UiProps {
  /** Words in the place of the English ones. Keep the object the same between renders. */
  readonly words?: SomeWords | undefined;
  /** Default: the `color-scheme` of the page. */
  readonly theme?: 'light' | 'dark' | undefined;
  /** A further class of the outermost element. */
  readonly className?: string | undefined;
}

export const rootClass = (own: string, className: string | undefined): string =>
  ['synchart-ui', own, className].filter(Boolean).join(' ');
