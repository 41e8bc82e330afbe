import { of } from 'rxjs';
import { configure } from 'storybook/test';
import { useEffect, useMemo, useState, type ReactNode } from 'react';
import { attachInternals, internalsOf } from '../../src/engine/core/engine-internals.ts';
import type { SyncEngine } from '../../src/engine/api/sync-engine.ts';
import type { SyncStatus } from '../../src/model/status.ts';
import { SyncProvider, useSyncEngine } from '../../src/react.ts';
import '../../src/react-ui/styles/react-ui.css';
import type { Diagnosis } from '../../src/rules/diagnosis/diagnosis.ts';
import type { PageBench } from '../../test/queries/page-bench.ts';
import { openUiBench } from '../../test/react/ui/ui-scenes.ts';

// An engine opens its database before there is anything to find.
configure({ asyncUtilTimeout: 10_000 });

export interface UiFrameProps {
  /** What has happened before the components are shown. */
  readonly scene?: (bench: PageBench) => Promise<unknown>;
  /** Recorded state, in the place of the engine's own. */
  readonly status?: Partial<SyncStatus>;
  readonly findings?: readonly Diagnosis[];
  readonly scheme?: 'light' | 'dark';
  readonly width?: number;
  readonly children: ReactNode;
}

/** Components over a real engine in the page, as a part of an app of some colours and width. */
export function UiFrame({ scene, status, findings, scheme = 'light', width, children }: UiFrameProps): ReactNode {
  const engine = useSceneEngine(scene);
  const shown = useMemo(() => engine && withRecorded(engine, status, findings), [engine, status, findings]);
  useEffect(() => {
    const { style } = document.documentElement;
    style.colorScheme = scheme;
    style.font = '15px/1.45 system-ui, sans-serif';
    return () => {
      style.colorScheme = '';
      style.font = '';
    };
  }, [scheme]);
  return (
    <main
      style={{
        inlineSize: width ?? 'auto',
        minBlockSize: 120,
        padding: 16,
        boxSizing: 'border-box',
      }}
    >
      {shown !== undefined && <SyncProvider engine={shown}>{children}</SyncProvider>}
    </main>
  );
}

/** A real engine after a scene; undefined while it opens. */
function useSceneEngine(scene: UiFrameProps['scene']): SyncEngine | undefined {
  const [engine, setEngine] = useState<SyncEngine>();
  useEffect(() => {
    let isGone = false;
    const opening = openUiBench().then(async (bench) => {
      await scene?.(bench);
      if (!isGone) setEngine(bench.engine);
      return bench;
    });
    return () => {
      isGone = true;
      setEngine(undefined);
      void opening.then((bench) => bench.close());
    };
  }, [scene]);
  return engine;
}

/** The same components once for each finding, side by side. */
export function ForEach(props: { readonly findings: readonly Diagnosis[]; readonly children: ReactNode }): ReactNode {
  const engine = useSyncEngine();
  const engines = useMemo(
    () => props.findings.map((finding) => withRecorded(engine, undefined, [finding])),
    [engine, props.findings],
  );
  return (
    <div style={{ display: 'grid', gridTemplateColumns: 'repeat(auto-fill, minmax(240px, 1fr))', gap: 12 }}>
      {engines.map((recorded, index) => (
        <div key={props.findings[index]?.code}>
          <SyncProvider engine={recorded}>{props.children}</SyncProvider>
        </div>
      ))}
    </div>
  );
}

function withRecorded(
  engine: SyncEngine,
  status: Partial<SyncStatus> | undefined,
  findings: readonly Diagnosis[] | undefined,
): SyncEngine {
  if (status === undefined && findings === undefined) return engine;
  const shown: SyncStatus = { ...engine.status(), ...status };
  const recorded: SyncEngine = {
    ...engine,
    status: () => shown,
    status$: of(shown),
    ...(findings === undefined ? {} : { diagnosis$: of(findings) }),
  };
  attachInternals(recorded, internalsOf(engine, 'UiFrame'));
  return recorded;
}
