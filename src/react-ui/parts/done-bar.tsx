import type { ReactNode } from 'react';
import type { DoneModel, Undoable } from '../headless/use-done.ts';
import type { SyncUiWords } from '../words/ui-words.ts';

/** Says what was done, and offers to undo it. A screen reader hears it, so the region is always there. */
export function DoneBar<What extends Undoable>(props: {
  readonly model: DoneModel<What>;
  readonly words: SyncUiWords['done'];
  readonly describe: (what: What) => string;
}): ReactNode {
  const { model, words, describe } = props;
  const { done } = model;
  return (
    <div
      role="status"
      onPointerEnter={() => model.hold(true)}
      onPointerLeave={() => model.hold(false)}
      onFocus={() => model.hold(true)}
      onBlur={() => model.hold(false)}
    >
      {done !== undefined && (
        <div className="synchart-done" data-tone={done.state === 'failed' ? 'error' : 'ok'}>
          <p>
            {done.state === 'undone'
              ? words.undone
              : done.state === 'failed'
                ? words.cannotUndo(done.problem ?? '')
                : describe(done.what)}
          </p>
          {done.what.undo !== undefined && (done.state === 'done' || done.state === 'undoing') && (
            <button
              type="button"
              className="synchart-button"
              aria-disabled={done.state === 'undoing'}
              onClick={() => void model.undo()}
            >
              {words.undo}
            </button>
          )}
          <button
            type="button"
            className="synchart-button synchart-plain"
            aria-label={words.dismiss}
            onClick={model.dismiss}
          >
            <span aria-hidden="true">×</span>
          </button>
        </div>
      )}
    </div>
  );
}
