import { SyncOperationError, syncErrorInfo } from '../../model/errors/errors.ts';
import type { ResyncReason, SyncFact } from '../../model/events.ts';
import type { SyncFailure } from '../../model/errors/failure.ts';
import type { SyncKind } from '../../model/kind.ts';
import type { SchemaReport } from '../../model/ports.ts';
import type { Kinds, Plan, SyncRequest } from '../../model/run.ts';
import { noStats } from '../../model/values/run-stats.ts';
import type { PlanInput } from '../../machines/actor-inputs.ts';
import type { EnginePorts } from '../ports/engine-ports.ts';
import { createScopeGuard, type ScopeGuard } from '../scope/scope-guard.ts';

type KindFailure = SyncFailure & { readonly type: 'kindFailed' };

/**
 * Plans a run under the lease: checks the owner of the data, and selects the kinds to push, pull and fully resync, and
 * the conflicts to work on.
 */
export async function planRun(
  { runId, request, remaining }: PlanInput,
  ports: EnginePorts,
  guard: ScopeGuard = createScopeGuard(ports),
): Promise<Plan> {
  const { store, kinds } = ports;
  // Never sends operations with another user's token or to another server (F-143).
  await guard.claim();
  const schemas = await store.upgradeSchemas();
  const isRefused = (kind: string): boolean => schemas.refused.some((refused) => refused.kind === kind);
  const wantsPush = (kind: string): boolean => kinds.get(kind)?.pullOnly === false && !isRefused(kind);
  const wantsPull = (kind: string): boolean => kinds.get(kind)?.pushOnly === false && !isRefused(kind);
  // A run that is planned again continues with its remaining work.
  const pushKinds = (remaining?.toPush ?? request.pushKinds).filter(wantsPush);
  const asked = (remaining?.toPull ?? request.pullKinds).filter(wantsPull);
  const requested = request.resyncKinds.filter(
    (kind) => wantsPull(kind) && (remaining === undefined || remaining.toSweep.includes(kind)),
  );
  const open = (remaining?.toSweep ?? []).filter(wantsPull);
  // Only a kind that is pulled anyway can be resynced. A push-only request never downloads everything (F-45).
  const due = asked.length === 0 ? [] : await store.dueForResync(asked);
  // The sweep order: rows that reference others come first.
  const resyncKinds = [...byDependence([...new Set([...requested, ...open, ...due])], kinds)].reverse();
  const pullKinds = byDependence([...new Set([...asked, ...resyncKinds])], kinds);
  // A decision may concern a kind that this run does not push.
  const begun = await store.beginRun({
    explicit: request.explicit,
    kinds: request.decisions.length > 0 ? [...kinds.keys()].filter(wantsPush) : pushKinds,
    runId,
  });
  const failures = schemas.refused.flatMap((refused) => refusal(refused, request, ports));
  const conflicts = begun.conflicts.filter(
    ({ kind, opId }) => pushKinds.includes(kind) || request.decisions.includes(opId),
  );
  return {
    // Operations behind a decided conflict become ready.
    pushKinds: [...new Set([...pushKinds, ...conflicts.map(({ kind }) => kind)])],
    pullKinds,
    resyncKinds,
    conflicts,
    facts: [
      ...strangers(request.pushKinds, request.pullKinds, kinds),
      ...schemas.facts,
      // The first plan of this run has reported them already.
      ...(remaining === undefined ? failures.map(toldAsFailed) : []),
      ...begun.facts,
    ],
    failures,
    ...(resyncKinds.length === 0
      ? {}
      : { resyncReason: await reasonOf({ requested, resyncKinds, resyncing: schemas.resyncing }, ports) }),
  };
}

/** The single reason of the run. A manual request precedes a due resync, and a repeated resync precedes new tables. */
async function reasonOf(
  {
    requested,
    resyncKinds,
    resyncing,
  }: { readonly requested: Kinds; readonly resyncKinds: Kinds; readonly resyncing: Kinds },
  { store }: EnginePorts,
): Promise<ResyncReason> {
  if (requested.length > 0) return 'manual';
  if (resyncKinds.some((kind) => resyncing.includes(kind))) return 'schema';
  const unknown = await store.neverPulled(resyncKinds);
  return unknown.length === resyncKinds.length ? 'first' : 'scheduled';
}

/**
 * A newer release of the app has used the table. This release must neither send nor overwrite its data in an outdated
 * format.
 */
function refusal(
  { kind, stored, known }: SchemaReport['refused'][number],
  request: SyncRequest,
  { clock }: EnginePorts,
): readonly KindFailure[] {
  const phases = [
    ...(request.pullKinds.includes(kind) ? ['pull' as const] : []),
    ...(request.pushKinds.includes(kind) ? ['push' as const] : []),
  ];
  const message = `a newer version of the app has used '${kind}': its data has version ${stored}, this app knows version ${known}. Update this app to send and receive it; nothing is lost`;
  const [phase] = phases;
  return phase === undefined
    ? []
    : [{ type: 'kindFailed', kind, phase, message, at: clock.now(), cause: new SyncOperationError(message, phase) }];
}

function toldAsFailed({ kind, phase, message, cause }: KindFailure): SyncFact {
  const error = cause instanceof SyncOperationError ? cause : new SyncOperationError(message, phase);
  return { type: 'sync.failed', phase, kind, error, errorInfo: syncErrorInfo(error), stats: noStats };
}

/** Sorts referenced kinds first, otherwise by registration. A cycle keeps the order of registration. */
export function byDependence(wanted: Kinds, kinds: ReadonlyMap<string, SyncKind>): Kinds {
  const ordered = new Set<string>();
  const visiting = new Set<string>();
  const visit = (kind: string): void => {
    if (ordered.has(kind) || visiting.has(kind)) return;
    visiting.add(kind);
    for (const { kind: referenced } of kinds.get(kind)?.dependsOn ?? [])
      if (wanted.includes(referenced)) visit(referenced);
    ordered.add(kind);
  };
  for (const kind of kinds.keys()) if (wanted.includes(kind)) visit(kind);
  return [...ordered];
}

const strangers = (pushKinds: Kinds, pullKinds: Kinds, kinds: ReadonlyMap<string, SyncKind>): readonly SyncFact[] =>
  [...new Set([...pushKinds, ...pullKinds])]
    .filter((kind) => !kinds.has(kind))
    .map((kind) => ({
      type: 'transport.warning',
      message: `kind '${kind}' is not registered, so this run leaves it out; add its table to the option tables`,
    }));
