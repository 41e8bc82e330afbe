import { StrictMode, useLayoutEffect, type ReactNode } from 'react';
import { createRoot } from 'react-dom/client';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import {
  SyncProvider,
  useConflicts,
  useDiagnosis,
  useLiveQuery,
  usePending,
  useRejected,
  useSyncStatus,
} from '../../src/react.ts';
import { createShown, type FrameworkAdapter, type Reading } from '../queries/framework-adapter.ts';

type Show = (value: unknown) => void;
type OfType<Type extends Reading['type']> = Extract<Reading, { readonly type: Type }>;

const Shown = ({ value, show }: { readonly value: unknown; readonly show: Show }): ReactNode => {
  useLayoutEffect(() => show(value), [value, show]);
  return null;
};

const Query = ({ reading: { query, deps, options }, show }: { reading: OfType<'query'>; show: Show }): ReactNode => (
  <Shown value={useLiveQuery(query, deps, options)} show={show} />
);
const Status = ({ reading: { select }, show }: { reading: OfType<'status'>; show: Show }): ReactNode => (
  <Shown value={useSyncStatus((status) => select(status))} show={show} />
);
const Row = ({ reading: { kind, id }, show }: { reading: OfType<'row'>; show: Show }): ReactNode => (
  <Shown value={usePending(kind, id)} show={show} />
);
const Diagnosed = ({ show }: { show: Show }): ReactNode => <Shown value={useDiagnosis()} show={show} />;
const Conflicts = ({ show }: { show: Show }): ReactNode => <Shown value={useConflicts()} show={show} />;
const Rejected = ({ show }: { show: Show }): ReactNode => <Shown value={useRejected()} show={show} />;

function viewOf(reading: Reading, show: Show): ReactNode {
  switch (reading.type) {
    case 'query':
      return <Query reading={reading} show={show} />;
    case 'status':
      return <Status reading={reading} show={show} />;
    case 'row':
      return <Row reading={reading} show={show} />;
    case 'diagnosis':
      return <Diagnosed show={show} />;
    case 'conflicts':
      return <Conflicts show={show} />;
    case 'rejected':
      return <Rejected show={show} />;
  }
}

export const reactAdapter: FrameworkAdapter = {
  mount: async (engine: SyncEngine, reading) => {
    const { shown, until, show } = createShown();
    const root = createRoot(document.createElement('div'));
    const render = (next: Reading): void =>
      root.render(
        <StrictMode>
          <SyncProvider engine={engine}>{viewOf(next, show)}</SyncProvider>
        </StrictMode>,
      );
    render(reading);
    await until(() => true);
    let isMounted = true;
    return {
      shown,
      until,
      update: async (next) => {
        render(next);
        await Promise.resolve();
      },
      unmount: () => {
        if (isMounted) root.unmount();
        isMounted = false;
      },
    };
  },
};
