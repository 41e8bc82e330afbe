import type { ReactNode } from 'react';
import { useToast } from '../parts/toasts.tsx';
import type { Session } from '../session/session.ts';

const actions = [
  ['remind', 'Add reminder texts'],
  ['completeOverdue', 'Complete overdue todos'],
  ['shiftPriorities', 'Shift priorities'],
  ['retitle', 'Mark titles as reviewed'],
  ['cleanUp', 'Delete done todos'],
] as const;

/** Lets the server change rows behind the back of the devices, which makes conflicts. */
export function ServerActions({ session }: { readonly session: Session }): ReactNode {
  const tell = useToast();
  const run = async (action: string, label: string): Promise<void> => {
    try {
      const changed = await session.runServerAction(action);
      tell(`${label}: the server changed ${changed} ${changed === 1 ? 'todo' : 'todos'}`);
    } catch (error) {
      tell(`The server did not do it. ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  return (
    <details className="menu">
      <summary className="button">Server</summary>
      <div className="menu-items">
        <p>Let the server change your todos:</p>
        {actions.map(([action, label]) => (
          <button key={action} type="button" onClick={() => void run(action, label)}>
            {label}
          </button>
        ))}
        <hr />
        <button type="button" onClick={() => void session.expire().then(() => tell('The server forgot your session'))}>
          Let the session expire
        </button>
      </div>
    </details>
  );
}
