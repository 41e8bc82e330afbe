import { useCallback, useState } from 'react';
import type { Json } from '../../model/values/json.ts';
import { createBundleClient } from '../client/bundle-client.ts';
import type { DevtoolsClient } from '../client/devtools-client.ts';

export interface SavedFile {
  /** Set while a file is shown instead of the engine. */
  readonly client?: DevtoolsClient | undefined;
  /** Why the last file could not be opened or saved. */
  readonly problem?: string | undefined;
  readonly open: (file: File) => void;
  readonly close: () => void;
  /** Says why, or takes back what was said. */
  readonly complain: (problem: string | undefined) => void;
}

/** Opens saved files; the engine behind the panel is left alone meanwhile. */
export function useSavedFile(): SavedFile {
  const [shown, setShown] = useState<{
    readonly client?: DevtoolsClient | undefined;
    readonly problem?: string | undefined;
  }>({});
  const open = useCallback((file: File) => {
    const read = async (): Promise<void> =>
      setShown({ client: createBundleClient(JSON.parse(await file.text()) as Json) });
    read().catch((error: unknown) =>
      setShown((before) => ({
        ...before,
        problem: `${file.name} cannot be opened: ${error instanceof Error ? error.message : String(error)}`,
      })),
    );
  }, []);
  const close = useCallback(() => setShown({}), []);
  const complain = useCallback((problem: string | undefined) => setShown(({ client }) => ({ client, problem })), []);
  return { ...shown, open, close, complain };
}
