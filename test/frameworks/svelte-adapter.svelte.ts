import { mount, unmount } from 'svelte';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import {
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
  type Current,
} from '../../src/svelte.ts';
import { createShown, type FrameworkAdapter, type Reading, type ReadingOf } from '../queries/framework-adapter.ts';
import Provider from './provider.svelte';
import Reader from './reader.svelte';
import { todos } from '../queries/page-bench.ts';

/** What the component shows; it may read the newest reading of its type. */
function read(first: Reading, newest: () => Reading): () => unknown {
  const now = <Type extends Reading['type']>(): ReadingOf<Type> => newest() as ReadingOf<Type>;
  const shownOf = (followed: Current<unknown>) => () => followed.current;
  switch (first.type) {
    case 'query': {
      const deps = first.deps.map((_, index) => () => now<'query'>().deps[index]);
      return shownOf(useLiveQuery((engine, ...given) => first.query(engine, ...given), deps, first.options));
    }
    case 'status':
      return shownOf(useSyncStatus(first.select));
    case 'row':
      return shownOf(usePending(todos, () => now<'row'>().id));
    case 'liveRow':
      return shownOf(useLiveRow(todos, () => now<'liveRow'>().id));
    case 'guard':
      return shownOf(useUnsentGuard({ when: () => now<'guard'>().when }));
    case 'write': {
      const repository = useRepository(todos, { await: first.await });
      const { increment } = useWriter(todos);
      const { run } = useWrite((engine, id: string, title: string) => engine.repository(todos).update(id, { title }));
      first.take({ ...repository, increment, run });
      return () => ({ pending: repository.pending, error: repository.error });
    }
    case 'diagnosis':
      return shownOf(useDiagnosis());
    case 'conflicts':
      return shownOf(useConflicts());
    case 'rejected':
      return shownOf(useRejected());
    case 'storage':
      return shownOf(useStorage());
    case 'engine':
      return shownOf(useSyncEngine());
  }
}

export const svelteAdapter: FrameworkAdapter = {
  mount: async (engine, first) => {
    const { shown, until, show } = createShown();
    let provided = $state.raw<SyncEngine | null>(engine);
    let reading = $state.raw(first);
    const component = mount(Provider, {
      target: document.createElement('div'),
      props: {
        get engine() {
          return provided;
        },
        read: () => read(first, () => reading),
        show,
      },
    });
    await until(() => true);
    let isMounted = true;
    return {
      shown,
      until,
      update: async (next) => {
        reading = next;
        await Promise.resolve();
      },
      provide: async (next) => {
        provided = next;
        await Promise.resolve();
      },
      unmount: () => {
        if (isMounted) void unmount(component);
        isMounted = false;
      },
    };
  },
  mountAlone: async (reading) => {
    try {
      const props = { read: () => read(reading, () => reading), show: () => undefined };
      mount(Reader, { target: document.createElement('div'), props });
      return await Promise.resolve(undefined);
    } catch (error) {
      return error;
    }
  },
};
