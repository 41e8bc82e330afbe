import type { ReactNode } from 'react';

/** Says what went wrong with what was just asked for; nothing without a text. */
export const Problem = ({ text }: { readonly text: string | undefined }): ReactNode =>
  text === undefined ? null : (
    <p className="sc-note" data-tone="error" role="alert">
      {text}
    </p>
  );
