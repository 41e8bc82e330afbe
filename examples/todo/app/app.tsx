import { useEffect, useState, type ReactNode } from 'react';
import { AppUpdate } from './parts/app-update.tsx';
import { leaveDemo } from './parts/leave-demo.ts';
import { DeviceFrame } from './screens/device-frame.tsx';
import { whenDevicesRest } from './data/use-device.ts';
import { Session } from './session/session.ts';

const users = ['ada', 'ben'];
const devices = ['phone', 'laptop'];
const lastUser = 'todo-user';

/** One or two devices of the user who is signed in, side by side. */
export function App(): ReactNode {
  const [user, setUser] = useState(() => localStorage.getItem(lastUser) ?? 'ada');
  const [session, setSession] = useState<Session>();
  const [hasSecond, setHasSecond] = useState(false);
  const [leaving, setLeaving] = useState<'no' | 'asked' | 'left'>('no');

  useEffect(() => {
    let isCurrent = true;
    localStorage.setItem(lastUser, user);
    void Session.open(user).then((opened) => {
      if (isCurrent) setSession(opened);
    });
    return () => {
      isCurrent = false;
      setSession(undefined);
    };
  }, [user]);

  // The devices are closed first: a database that is open cannot be deleted.
  useEffect(() => {
    if (leaving !== 'asked') return;
    void whenDevicesRest()
      .then(() => leaveDemo(users, devices))
      .then(() => setLeaving('left'));
  }, [leaving]);

  return (
    <div className="page" data-devices={hasSecond ? 2 : 1}>
      <header className="masthead">
        <h1>
          <img src="/icon.svg" alt="" width="28" height="28" /> Todos
        </h1>
        <label className="field inline">
          <span>Account</span>
          <select value={user} onChange={(event) => setUser(event.target.value)}>
            {users.map((name) => (
              <option key={name} value={name}>
                {name === 'ada' ? 'Ada' : 'Ben'}
              </option>
            ))}
          </select>
        </label>
        <button type="button" className="button" onClick={() => setHasSecond(!hasSecond)}>
          {hasSecond ? 'Close the second device' : 'Open a second device'}
        </button>
      </header>
      <AppUpdate />
      <main className="devices">
        {session !== undefined && leaving === 'no' && (
          <>
            <DeviceFrame key={`${user} phone`} name="phone" session={session} isFirst />
            {hasSecond && <DeviceFrame key={`${user} laptop`} name="laptop" session={session} isFirst={false} />}
          </>
        )}
      </main>
      <footer className="footer">
        {leaving === 'left' ? (
          <p>Everything of this app is gone from this browser. Reload to begin anew.</p>
        ) : (
          <button type="button" className="button" onClick={() => setLeaving('asked')}>
            Remove this app from the browser
          </button>
        )}
      </footer>
    </div>
  );
}
