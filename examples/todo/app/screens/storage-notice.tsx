import type { ReactNode } from 'react';
import { useStorage } from 'synchart/react';

/** Says where the database is kept, when that is not what people expect. */
export function StorageNotice(): ReactNode {
  const storage = useStorage();
  if (storage === undefined) return null;
  if (storage.role === 'outdated')
    return (
      <div className="notice" data-tone="warning" role="alert">
        <p>
          <strong>Another tab runs a newer version of this app.</strong> What you wrote here is kept.
        </p>
        <button type="button" className="button primary" onClick={() => location.reload()}>
          Reload
        </button>
      </div>
    );
  if (storage.mode === 'memory')
    return (
      <div className="notice" data-tone="warning" role="status">
        <p>
          <strong>Kept in memory only.</strong> Close this tab, and what was not sent is gone. {storage.reason}
        </p>
      </div>
    );
  return null;
}
