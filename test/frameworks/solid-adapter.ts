import { createComponent, createEffect, createSignal, type JSX } from 'solid-js';
import { render } from 'solid-js/web';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
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
} from '../../src/solid.ts';
import { createShown, type FrameworkAdapter, type Reading, type ReadingOf } from '../queries/framework-adapter.ts';
import { todos } from '../queries/page-bench.ts';

/** What the component shows; it may read the newest reading of its type. */
function read(first: Reading, newest: () => Reading): () => unknown {
  const now = <Type extends Reading['type']>(): ReadingOf<Type> => newest() as ReadingOf<Type>;
  switch (first.type) {
    case 'query': {
      const deps = first.deps.map((_, index) => () => now<'query'>().deps[index]);
      return useLiveQuery((engine, ...given) => first.query(engine, ...given), deps, first.options);
    }
    case 'status':
      return useSyncStatus(first.select);
    case 'row':
      return usePending(todos, () => now<'row'>().id);
    case 'liveRow':
      return useLiveRow(todos, () => now<'liveRow'>().id);
    case 'guard':
      return useUnsentGuard({ when: () => now<'guard'>().when });
    case 'write': {
      const { pending, error, create, update, reset } = useRepository(todos, { await: first.await });
      const { increment } = useWriter(todos);
      const { run } = useWrite((engine, id: string, title: string) => engine.repository(todos).update(id, { title }));
      first.take({ create, update, increment, run, reset });
      return () => ({ pending: pending(), error: error() });
    }
    case 'diagnosis':
      return useDiagnosis();
    case 'conflicts':
      return useConflicts();
    case 'rejected':
      return useRejected();
    case 'storage':
      return useStorage();
    case 'engine':
      return useSyncEngine();
  }
}

export const solidAdapter: FrameworkAdapter = {
  mount: async (engine, first) => {
    const { shown, until, show } = createShown();
    const [provided, provide] = createSignal<SyncEngine | null>(engine);
    const [reading, setReading] = createSignal(first);
    const Reader = (): JSX.Element => {
      const value = read(first, reading);
      createEffect(() => show(value()));
      return null;
    };
    const dispose = render(
      () =>
        createComponent(SyncProvider, {
          get engine() {
            return provided();
          },
          get children() {
            return createComponent(Reader, {});
          },
        }),
      document.createElement('div'),
    );
    await until(() => true);
    return {
      shown,
      until,
      update: async (next) => {
        setReading(() => next);
        await Promise.resolve();
      },
      provide: async (next) => {
        provide(() => next);
        await Promise.resolve();
      },
      unmount: dispose,
    };
  },
  mountAlone: async (reading) => {
    const component = (): JSX.Element => {
      read(reading, () => reading);
      return null;
    };
    try {
      render(component, document.createElement('div'));
      return await Promise.resolve(undefined);
    } catch (error) {
      return error;
    }
  },
};
