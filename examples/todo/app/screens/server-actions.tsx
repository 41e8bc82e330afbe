import { useEffect, useRef, type ReactNode } from 'react';
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
  const menu = useRef<HTMLDetailsElement>(null);
  useEffect(() => {
    const onPointer = ({ target }: PointerEvent): void => {
      if (target instanceof Node && menu.current?.contains(target) === false) menu.current.removeAttribute('open');
    };
    document.addEventListener('pointerdown', onPointer);
    return () => document.removeEventListener('pointerdown', onPointer);
  }, []);

  const closeAndFocus = (): void => {
    menu.current?.removeAttribute('open');
    menu.current?.querySelector('summary')?.focus();
  };
  const run = async (work: () => Promise<string>): Promise<void> => {
    closeAndFocus();
    try {
      tell(await work());
    } catch (error) {
      tell(`The server did not do it. ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const act = async (action: string, label: string): Promise<string> => {
    const changed = await session.runServerAction(action);
    return `${label}: the server changed ${changed} ${changed === 1 ? 'todo' : 'todos'}`;
  };
  const expire = async (): Promise<string> => {
    await session.expire();
    return 'The server forgot your session';
  };
  return (
    <details
      ref={menu}
      className="menu"
      onKeyDown={({ key }) => {
        if (key === 'Escape') closeAndFocus();
      }}
    >
      <summary className="button">Server</summary>
      <div className="menu-items">
        <p>Let the server change your todos:</p>
        {actions.map(([action, label]) => (
          <button key={action} type="button" onClick={() => void run(() => act(action, label))}>
            {label}
          </button>
        ))}
        <hr />
        <button type="button" onClick={() => void run(expire)}>
          Let the session expire
        </button>
      </div>
    </details>
  );
}
