import { createApp, defineComponent, h, shallowRef, watch, type App, type Ref } from 'vue';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import {
  provideSyncEngine,
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
} from '../../src/vue.ts';
import { createShown, type FrameworkAdapter, type Reading, type ReadingOf } from '../queries/framework-adapter.ts';
import { todos } from '../queries/page-bench.ts';

/** What the component shows; it may read the newest reading of its type. */
function read(first: Reading, newest: () => Reading): () => unknown {
  const now = <Type extends Reading['type']>(): ReadingOf<Type> => newest() as ReadingOf<Type>;
  const shownOf = (ref: Readonly<Ref<unknown>>) => () => ref.value;
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
      const { pending, error, create, update, reset } = useRepository(todos, { await: first.await });
      const { increment } = useWriter(todos);
      const { run } = useWrite((engine, id: string, title: string) => engine.repository(todos).update(id, { title }));
      first.take({ create, update, increment, run, reset });
      return () => ({ pending: pending.value, error: error.value });
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

const componentOf = (reading: Readonly<Ref<Reading>>, show: (value: unknown) => void) =>
  defineComponent({
    setup: () => {
      watch(
        read(reading.value, () => reading.value),
        show,
        { immediate: true, flush: 'post' },
      );
      return () => null;
    },
  });

export const vueAdapter: FrameworkAdapter = {
  mount: async (engine, first) => {
    const { shown, until, show } = createShown();
    const provided = shallowRef<SyncEngine | null>(engine);
    const reading = shallowRef(first);
    const component = componentOf(reading, show);
    const app: App = createApp({
      setup: () => {
        provideSyncEngine(provided);
        return () => h(component);
      },
    });
    app.mount(document.createElement('div'));
    await until(() => true);
    let isMounted = true;
    return {
      shown,
      until,
      update: async (next) => {
        reading.value = next;
        await Promise.resolve();
      },
      provide: async (next) => {
        provided.value = next;
        await Promise.resolve();
      },
      unmount: () => {
        if (isMounted) app.unmount();
        isMounted = false;
      },
    };
  },
  mountAlone: async (reading) => {
    const app = createApp(componentOf(shallowRef(reading), () => undefined));
    let thrown: unknown;
    app.config.errorHandler = (error) => {
      thrown = error;
    };
    app.config.warnHandler = () => undefined;
    app.mount(document.createElement('div'));
    return Promise.resolve(thrown);
  },
};
