import { Component, StrictMode, useEffect, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import {
  SyncProvider,
  useConflicts,
  useDiagnosis,
  useLiveQuery,
  useLiveRow,
  usePending,
  useRejected,
  useRepository,
  useStorage,
  useSyncEngine,
  useSyncStatus,
  useUnsentGuard,
  useWrite,
  useWriter,
} from '../../src/react.ts';
import { createShown, type FrameworkAdapter, type Reading, type ReadingOf } from '../queries/framework-adapter.ts';
import { todos } from '../queries/page-bench.ts';

type Show = (value: unknown) => void;
interface Props<Type extends Reading['type']> {
  readonly reading: ReadingOf<Type>;
  readonly show: Show;
}

/** After the effects of the hooks. */
const Shown = ({ value, show }: { readonly value: unknown; readonly show: Show }): ReactNode => {
  useEffect(() => show(value), [value, show]);
  return null;
};

const Query = ({ reading: { query, deps, options }, show }: Props<'query'>): ReactNode => (
  <Shown value={useLiveQuery((engine) => query(engine, ...deps), deps, options)} show={show} />
);
const Status = ({ reading: { select }, show }: Props<'status'>): ReactNode => (
  <Shown value={useSyncStatus((status) => select(status))} show={show} />
);
const Row = ({ reading: { id }, show }: Props<'row'>): ReactNode => <Shown value={usePending(todos, id)} show={show} />;
const LiveRow = ({ reading: { id }, show }: Props<'liveRow'>): ReactNode => (
  <Shown value={useLiveRow(todos, id)} show={show} />
);
const Guard = ({ reading: { when }, show }: Props<'guard'>): ReactNode => (
  <Shown value={useUnsentGuard({ when })} show={show} />
);
const Writing = ({ reading, show }: Props<'write'>): ReactNode => {
  const { create, update, pending, error, reset } = useRepository(todos, { await: reading.await });
  const { increment } = useWriter(todos);
  const { run } = useWrite((engine, id: string, title: string) => engine.repository(todos).update(id, { title }));
  reading.take({ create, update, increment, run, reset });
  useEffect(() => show({ pending, error }), [pending, error, show]);
  return null;
};
const Diagnosed = ({ show }: { show: Show }): ReactNode => <Shown value={useDiagnosis()} show={show} />;
const Conflicts = ({ show }: { show: Show }): ReactNode => <Shown value={useConflicts()} show={show} />;
const Rejected = ({ show }: { show: Show }): ReactNode => <Shown value={useRejected()} show={show} />;
const Storage = ({ show }: { show: Show }): ReactNode => <Shown value={useStorage()} show={show} />;
const Engine = ({ show }: { show: Show }): ReactNode => <Shown value={useSyncEngine()} show={show} />;

function viewOf(reading: Reading, show: Show): ReactNode {
  switch (reading.type) {
    case 'query':
      return <Query reading={reading} show={show} />;
    case 'status':
      return <Status reading={reading} show={show} />;
    case 'row':
      return <Row reading={reading} show={show} />;
    case 'liveRow':
      return <LiveRow reading={reading} show={show} />;
    case 'guard':
      return <Guard reading={reading} show={show} />;
    case 'write':
      return <Writing reading={reading} show={show} />;
    case 'diagnosis':
      return <Diagnosed show={show} />;
    case 'conflicts':
      return <Conflicts show={show} />;
    case 'rejected':
      return <Rejected show={show} />;
    case 'storage':
      return <Storage show={show} />;
    case 'engine':
      return <Engine show={show} />;
  }
}

class Boundary extends Component<{ readonly children: ReactNode; catches(error: unknown): void }> {
  override state = { isBroken: false };
  static getDerivedStateFromError = (): { readonly isBroken: boolean } => ({ isBroken: true });
  override componentDidCatch = (error: unknown): void => this.props.catches(error);
  override render = (): ReactNode => (this.state.isBroken ? null : this.props.children);
}

export const reactAdapter: FrameworkAdapter = {
  mount: async (engine, reading) => {
    const { shown, until, show } = createShown();
    const root = createRoot(document.createElement('div'));
    let [provided, newest] = [engine, reading];
    const render = async (): Promise<void> => {
      root.render(
        <StrictMode>
          <SyncProvider engine={provided}>{viewOf(newest, show)}</SyncProvider>
        </StrictMode>,
      );
      await Promise.resolve();
    };
    await render();
    await until(() => true);
    let isMounted = true;
    return {
      shown,
      until,
      update: (next) => {
        newest = next;
        return render();
      },
      provide: (next) => {
        provided = next;
        return render();
      },
      unmount: () => {
        if (isMounted) root.unmount();
        isMounted = false;
      },
    };
  },
  mountAlone: (reading) =>
    new Promise((resolve) => {
      const root = createRoot(document.createElement('div'), { onCaughtError: () => undefined });
      root.render(<Boundary catches={resolve}>{viewOf(reading, () => undefined)}</Boundary>);
    }),
};
