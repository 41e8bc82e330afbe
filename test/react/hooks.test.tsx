import { Component, Suspense, StrictMode, useEffect, useLayoutEffect, type ReactNode } from 'react';
import { createRoot, hydrateRoot, type Root } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import {
  SyncProvider,
  useLiveQuery,
  useLiveRow,
  useRepository,
  useStorage,
  useSuspenseLiveQuery,
  useSyncEngine,
  useSyncStatus,
  useUnsentGuard,
  useWrite,
  useWriter,
} from '../../src/react.ts';
import { openPageBench, todos, type PageBench } from '../queries/page-bench.ts';
import { createShown } from '../queries/framework-adapter.ts';
import { todoOf, type Todo } from '../support/todo.ts';

let bench: PageBench;
let element: HTMLElement;
let root: Root | undefined;
const errors: unknown[] = [];
beforeEach(async () => {
  bench = await openPageBench();
  element = document.createElement('div');
  document.body.append(element);
  errors.length = 0;
});
afterEach(async () => {
  root?.unmount();
  root = undefined;
  element.remove();
  vi.restoreAllMocks();
  await bench.close();
});

class Boundary extends Component<{ readonly children: ReactNode }, { readonly message?: string }> {
  override state: { readonly message?: string } = {};
  static getDerivedStateFromError(error: unknown): { readonly message: string } {
    return { message: error instanceof Error ? error.message : String(error) };
  }
  override render(): ReactNode {
    return this.state.message ?? this.props.children;
  }
}

const under = (engine: SyncEngine | null, view: ReactNode): ReactNode => (
  <StrictMode>
    <SyncProvider engine={engine}>{view}</SyncProvider>
  </StrictMode>
);
const renderWith = (engine: SyncEngine | null, view: ReactNode): void => {
  root ??= createRoot(element, { onRecoverableError: (error) => errors.push(error) });
  root.render(under(engine, view));
};
/** Resolves when the page shows a text. */
const untilText = (text: string | RegExp): Promise<void> =>
  new Promise((resolve) => {
    const suits = (): boolean =>
      typeof text === 'string' ? element.textContent === text : text.test(element.textContent ?? '');
    const observer = new MutationObserver(() => {
      if (!suits()) return;
      observer.disconnect();
      resolve();
    });
    observer.observe(element, { childList: true, subtree: true, characterData: true });
    if (suits()) {
      observer.disconnect();
      resolve();
    }
  });
const titles = (rows: readonly Todo[] | undefined): string => (rows ?? []).map(({ id }) => id).join(' ');
const findAll = (engine: SyncEngine): Promise<Todo[]> => engine.repository(todos).find({ order: { id: 'ASC' } });

test('a missing provider throws an error that names the fix', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const Lost = (): ReactNode => useSyncStatus(({ phase }) => phase);
  root = createRoot(element);
  root.render(
    <Boundary>
      <Lost />
    </Boundary>,
  );
  await untilText('useSyncStatus needs a provider: put <SyncProvider engine={engine}> around this component');
});

test('before an engine is available, hooks show the initial state, and writes say what is missing', async () => {
  const Late = (): ReactNode => {
    const phase = useSyncStatus(({ phase: now }) => now);
    const { status, data } = useLiveQuery(findAll, [], { tables: [todos] });
    const { create, error } = useRepository(todos);
    return (
      <button type="button" onClick={() => void create({ title: 'x' })}>
        {`${phase} ${status} ${titles(data)}${error instanceof Error ? error.message : ''}`}
      </button>
    );
  };
  renderWith(null, <Late />);
  await untilText('starting loading ');
  element.querySelector('button')?.click();
  await untilText(/useRepository: the engine of <SyncProvider> is null/);
  await bench.writer.insertAndEnqueue(todoOf('a'));
  renderWith(bench.engine, <Late />);
  await untilText(/^idle ready a/);
});

test("useSyncEngine returns the provider's engine", async () => {
  const Shown = (): ReactNode => String(useSyncEngine() === bench.engine);
  renderWith(bench.engine, <Shown />);
  await untilText('true');
});

test('a query suspends only once, also for two components and in StrictMode', async () => {
  await bench.writer.insertAndEnqueue(todoOf('a'));
  let runs = 0;
  let waits = 0;
  const Waiting = (): ReactNode => {
    useLayoutEffect(() => {
      waits += 1;
    }, []);
    return 'waiting';
  };
  const List = (): ReactNode => {
    const { data } = useSuspenseLiveQuery(
      (engine) => {
        runs += 1;
        return findAll(engine);
      },
      [],
      { key: 'all', tables: [todos] },
    );
    return `[${titles(data)}]`;
  };
  renderWith(
    bench.engine,
    <Suspense fallback={<Waiting />}>
      <List />
      <List />
    </Suspense>,
  );
  await untilText('[a][a]');
  await bench.writer.insertAndEnqueue(todoOf('b'));
  await untilText('[a b][a b]');
  expect(runs).toBe(2);
  // StrictMode runs the effects of a new component twice in development.
  expect(waits).toBeLessThanOrEqual(2);
});

test('a suspended query throws its error to the boundary', async () => {
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const List = (): ReactNode => {
    const { data } = useSuspenseLiveQuery<readonly Todo[]>(() => Promise.reject(new Error('broken')), [], {
      key: 'broken',
      tables: [todos],
    });
    return titles(data);
  };
  root = createRoot(element);
  root.render(
    under(
      bench.engine,
      <Boundary>
        <Suspense fallback="waiting">
          <List />
        </Suspense>
      </Boundary>,
    ),
  );
  await untilText('broken');
});

test('the server renders the given rows, and the page hydrates without a mismatch', async () => {
  const initial = [todoOf('a'), todoOf('b')];
  const List = (): ReactNode => {
    const plain = useLiveQuery(findAll, [], { tables: [todos], initial });
    const suspended = useSuspenseLiveQuery(findAll, [], { key: 'ssr', tables: [todos], initial });
    const loading = useLiveQuery(findAll, [1], { tables: [todos] });
    const phase = useSyncStatus(({ phase: now }) => now);
    return <p>{`${titles(plain.data)}|${titles(suspended.data)}|${loading.status}|${phase}`}</p>;
  };
  const html = renderToString(under(null, <List />));
  expect(html).toBe('<p>a b|a b|loading|starting</p>');
  await bench.writer.insertAndEnqueue(todoOf('c'));
  element.innerHTML = html;
  const complaints = vi.spyOn(console, 'error');
  root = hydrateRoot(element, under(bench.engine, <List />), {
    onRecoverableError: (error) => errors.push(error),
  });
  await untilText('c|c|ready|idle');
  expect(errors).toEqual([]);
  expect(complaints).not.toHaveBeenCalled();
});

test('one row follows its table, even before it exists', async () => {
  const Row = ({ id }: { readonly id: string }): ReactNode => {
    const { status, data, marks } = useLiveRow(todos, id, { marks: true });
    return `${status} ${data === undefined ? '' : (data?.title ?? 'none')} ${marks?.get(id)?.pending === true ? 'pending' : ''}`;
  };
  renderWith(bench.engine, <Row id="a" />);
  await untilText('ready none ');
  await bench.writer.insertAndEnqueue(todoOf('a', { title: 'milk' }));
  await untilText('ready milk pending');
  renderWith(bench.engine, <Row id="b" />);
  await untilText('ready none ');
});

test('keeps the last rows while other dependencies load, if configured', async () => {
  await bench.writer.insertAndEnqueue(todoOf('a'));
  const { shown, show } = createShown();
  const List = ({ id }: { readonly id: string }): ReactNode => {
    const { data } = useLiveQuery((engine) => engine.repository(todos).findBy({ id }), [id], {
      tables: [todos],
      keepPrevious: true,
    });
    useLayoutEffect(() => show(data?.length), [data]);
    return `${id}:${titles(data)}`;
  };
  renderWith(bench.engine, <List id="a" />);
  await untilText('a:a');
  renderWith(bench.engine, <List id="z" />);
  await untilText('z:a');
  await untilText('z:');
  expect(shown).toEqual([undefined, 1, 0]);
});

test('writes show that they are in progress, and why they failed', async () => {
  await bench.engine.sync();
  const { shown, until, show } = createShown();
  const last = (): unknown => shown.at(-1);
  const untilShown = (text: string): Promise<unknown> => until((value) => value === text);
  const Form = (): ReactNode => {
    const { create, update, pending, error, reset } = useRepository(todos, { await: 'acked' });
    const write = useWriter(todos);
    const rename = useWrite((engine, title: string) => engine.repository(todos).update('a', { title }));
    const { data } = useLiveRow(todos, 'a');
    const state = pending ? 'pending' : error instanceof Error ? error.name : 'quiet';
    const text = `${state} ${data?.title ?? ''} ${data?.priority ?? ''}`;
    // After the hooks have subscribed.
    useEffect(() => show(text), [text]);
    return (
      <>
        <button type="button" id="create" onClick={() => void create({ id: 'a', title: 'one' })} />
        <button type="button" id="update" onClick={() => void update('a', { done: true })} />
        <button type="button" id="writer" onClick={() => void write.increment('a', 'priority', 1)} />
        <button type="button" id="rename" onClick={() => void rename.run('two')} />
        <button type="button" id="reset" onClick={reset} />
      </>
    );
  };
  const press = (id: string): void => element.querySelector<HTMLButtonElement>(`#${id}`)?.click();
  renderWith(bench.engine, <Form />);
  await untilShown('quiet  ');
  press('create');
  await until((value) => String(value).startsWith('pending'));
  await untilShown('quiet one ');
  expect(bench.backend.get('todos', 'a')?.['title']).toBe('one');
  press('rename');
  await untilShown('quiet two ');
  press('writer');
  await untilShown('quiet two 1');
  await bench.engine.sync();
  bench.backend.addRule(() => ({ status: 422, body: { error: 'locked', message: 'Locked.' } }));
  press('update');
  await untilShown('NotAckedError two 1');
  press('reset');
  await until(() => last() === 'quiet two 1');
});

test('a page with unsent changes that would be lost asks before the user leaves', async () => {
  const leave = (): boolean => !globalThis.dispatchEvent(new Event('beforeunload', { cancelable: true }));
  const { until, show } = createShown();
  const untilShown = (text: string): Promise<unknown> => until((value) => value === text);
  const Guard = ({ when }: { readonly when?: 'never' }): ReactNode => {
    const unsent = useUnsentGuard(when === undefined ? {} : { when });
    const text = `${when ?? 'at risk'}: ${unsent} ${useStorage()?.mode ?? 'no storage'}`;
    // After the effects of the guard.
    useEffect(() => {
      show(text);
      return () => show(`${text} over`);
    }, [text]);
    return null;
  };
  root = createRoot(element);
  const render = (view: ReactNode): void => root?.render(<SyncProvider engine={bench.engine}>{view}</SyncProvider>);
  render(<Guard />);
  await untilShown('at risk: 0 no storage');
  expect(leave()).toBe(false);
  await bench.writer.insertAndEnqueue(todoOf('a'));
  await untilShown('at risk: 1 no storage');
  expect(leave()).toBe(true);
  render(<Guard when="never" />);
  await untilShown('never: 0 no storage');
  expect(leave()).toBe(false);
  render(<Guard />);
  await until((value) => value === 'never: 0 no storage over');
  expect(leave()).toBe(true);
  render(null);
  await untilShown('at risk: 1 no storage over');
  root.unmount();
  root = undefined;
  expect(leave()).toBe(false);
});
