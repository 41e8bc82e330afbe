import { useRef, type ReactNode } from 'react';
import { bundleFileName } from '../views/words/bundle-file-name.ts';
import { useClient, usePanelState } from './context/panel-context.tsx';
import { IconButton } from './parts/icon-button.tsx';
import type { SavedFile } from './use-saved-file.ts';

/** Saves what is seen as one file, and opens such a file. */
export function FileControls({ file }: { readonly file: SavedFile }): ReactNode {
  const client = useClient();
  const { engine, connection } = usePanelState();
  const input = useRef<HTMLInputElement>(null);

  const save = async (): Promise<void> => {
    const place = input.current?.ownerDocument;
    const bundle = await client.query('bundle', {});
    if (place === undefined) return;
    const url = URL.createObjectURL(new Blob([JSON.stringify(bundle)], { type: 'application/json' }));
    const link = place.createElement('a');
    link.href = url;
    link.download = bundleFileName(engine?.name ?? 'engine', new Date());
    link.click();
    URL.revokeObjectURL(url);
  };

  return (
    <>
      <input
        ref={input}
        type="file"
        accept="application/json,.json"
        hidden
        aria-label="Saved file"
        onChange={({ currentTarget }) => {
          const [chosen] = currentTarget.files ?? [];
          if (chosen !== undefined) file.open(chosen);
          // The same file can be chosen again.
          currentTarget.value = '';
        }}
      />
      <IconButton
        icon="download"
        label="Save what is seen as a file"
        disabled={connection !== 'connected' && connection !== 'bundle'}
        onClick={() =>
          void save().then(
            () => file.complain(undefined),
            (error: unknown) =>
              file.complain(`The file cannot be saved: ${error instanceof Error ? error.message : String(error)}`),
          )
        }
      />
      {file.client === undefined ? (
        <IconButton icon="open" label="Open a saved file" onClick={() => input.current?.click()} />
      ) : (
        <button type="button" className="sc-button" onClick={file.close}>
          Back to the engine
        </button>
      )}
    </>
  );
}

/** Why the last file could not be opened or saved, until somebody has read it. */
export const FileProblem = ({ file: { problem, complain } }: { readonly file: SavedFile }): ReactNode =>
  problem === undefined ? null : (
    <div className="sc-problem" data-tone="error" role="alert">
      <span>{problem}</span>
      <IconButton icon="close" label="Close the message" onClick={() => complain(undefined)} />
    </div>
  );
