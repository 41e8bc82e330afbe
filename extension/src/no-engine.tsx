import type { ReactNode } from 'react';

export interface NoEngineProps {
  /** An engine that was here. */
  readonly gone?: string | undefined;
  /** Why the page cannot be looked into. */
  readonly problem?: string | undefined;
  readonly theme: 'light' | 'dark';
  /** Shows what the engine that was here told. */
  readonly onLookBack: () => void;
}

const code = `import { exposeSyncDevtools } from 'synchart/devtools/page';

exposeSyncDevtools(engine);`;

/** Says why there is nothing to see, and what to write in the app. The panel goes on looking. */
export const NoEngine = ({ gone, problem, theme, onLookBack }: NoEngineProps): ReactNode => (
  <section className="synchart" data-theme={theme} aria-label="synchart devtools">
    <div className="sc-empty sx-none">
      <EmptyStateText gone={gone} problem={problem} />
      {gone !== undefined && (
        <div className="sc-actions">
          <button type="button" className="sc-button" onClick={onLookBack}>
            Show what it told
          </button>
        </div>
      )}
    </div>
  </section>
);

function EmptyStateText({ gone, problem }: Pick<NoEngineProps, 'gone' | 'problem'>): ReactNode {
  if (problem !== undefined)
    return (
      <>
        <h2 role="status">This page cannot be looked into</h2>
        <p className="sx-first">{problem}</p>
        <p className="sx-first quiet">
          The panel tries again by itself. Pages of the browser itself are closed to extensions.
        </p>
      </>
    );
  return (
    <>
      <h2 role="status">{gone === undefined ? 'No engine in this page' : `“${gone}” is gone`}</h2>
      <p className="sx-first">
        {gone === undefined
          ? 'Let the extension find it. Write this in your app, once per engine:'
          : 'It appears here when it comes back. If it should be here:'}
      </p>
      <pre className="sx-code" tabIndex={0} aria-label="Code to write in the app">
        {code}
      </pre>
      <ul className="sx-hints">
        <li>Nothing to reload: the panel looks again by itself.</li>
        <li>
          Is the call behind a condition such as <code>import.meta.env.DEV</code>? Then this build has to meet it.
        </li>
        <li>
          Several engines are told apart by <code>{`{ name: '…' }`}</code>. Those in frames are found too, those in
          workers are not.
        </li>
      </ul>
    </>
  );
}
