import { useState, type ReactNode } from 'react';
import { useSyncStatus } from 'synchart/react';
import { SyncIndicator } from 'synchart/react/ui';
import { useDeviceHere } from '../data/device-context.ts';
import type { TodoFilter } from '../data/todo-queries.ts';
import type { Session } from '../session/session.ts';
import { Attention } from './attention.tsx';
import { ListPicker } from './list-picker.tsx';
import { ServerActions } from './server-actions.tsx';
import { StorageLine } from './storage-line.tsx';
import { SyncLog } from './sync-log.tsx';
import { TodoList } from './todo-list.tsx';

/** Everything that one device shows. */
export function DeviceScreen({ session }: { readonly session: Session }): ReactNode {
  const device = useDeviceHere();
  const [filter, setFilter] = useState<TodoFilter>({ listId: undefined, text: '', show: 'open' });
  const [isLogOpen, setIsLogOpen] = useState(false);
  const [isDeciding, setIsDeciding] = useState(false);
  return (
    <section className="device" aria-label={`The ${device.name}`} data-device={device.name}>
      <header className="device-bar">
        <h2>{device.name === 'phone' ? 'Phone' : 'Laptop'}</h2>
        <div className="device-state">
          <SyncIndicator onRemedy={{ decideConflict: () => setIsDeciding(true), signIn: () => session.renew() }} />
        </div>
        <OfflineSwitch />
        <button type="button" className="button" aria-pressed={isLogOpen} onClick={() => setIsLogOpen(!isLogOpen)}>
          Log
        </button>
        <ServerActions session={session} />
      </header>
      <SessionBanner session={session} />
      <Attention isDeciding={isDeciding} onDeciding={setIsDeciding} />
      <div className="columns">
        <ListPicker selected={filter.listId} onSelect={(listId) => setFilter({ ...filter, listId })} />
        <TodoList filter={filter} onFilter={setFilter} />
      </div>
      {isLogOpen && <SyncLog />}
      <StorageLine />
    </section>
  );
}

function OfflineSwitch(): ReactNode {
  const { network } = useDeviceHere();
  const [isCut, setIsCut] = useState(network.isCut());
  return (
    <label className="switch">
      <input
        type="checkbox"
        role="switch"
        checked={isCut}
        onChange={({ target }) => {
          setIsCut(target.checked);
          network.cut(target.checked);
        }}
      />
      <span>Offline</span>
    </label>
  );
}

/** Shown while the server wants somebody to sign in again. What waits goes on afterwards. */
function SessionBanner({ session }: { readonly session: Session }): ReactNode {
  const phase = useSyncStatus(({ phase: now }) => now);
  const pending = useSyncStatus((status) => status.pending);
  const [problem, setProblem] = useState<string>();
  if (phase !== 'authRequired') return null;
  return (
    <div className="notice" data-tone="warning" role="alert">
      <p>
        <strong>Your session has ended.</strong>{' '}
        {pending === 0
          ? 'Sign in to go on.'
          : `${pending} ${pending === 1 ? 'change waits' : 'changes wait'} here, and will be sent.`}
        {problem !== undefined && <span className="problem"> {problem}</span>}
      </p>
      <button
        type="button"
        className="button primary"
        onClick={() =>
          void session.renew().then(
            () => setProblem(undefined),
            (error: unknown) => setProblem(error instanceof Error ? error.message : String(error)),
          )
        }
      >
        Sign in
      </button>
    </div>
  );
}
