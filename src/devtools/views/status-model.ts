import type { EngineView } from '../protocol/engine-view.ts';
import { describeCount } from './words/describe-count.ts';
import { describeDuration } from './words/describe-time.ts';
import { phaseNames, phaseTones, type Tone } from './words/phase-tone.ts';
import { remedyButtonsOf, type RemedyButton } from './remedy-buttons.ts';
import type { SyncPhaseName } from '../../model/status.ts';
import { labelDiagnosis } from '../../rules/diagnosis/describe-diagnosis.ts';
import { diagnoseStorage } from '../../rules/diagnosis/diagnose-storage.ts';

export interface StatusFact {
  readonly text: string;
  readonly tone: Tone;
  /** The view where more of it is told. */
  readonly leadsTo?: 'outbox' | 'conflicts' | 'faults' | 'replica' | 'timeline' | undefined;
}

/** What the status bar says. */
export interface StatusModel {
  readonly phase: string;
  readonly tone: Tone;
  /** Such as `1,500 of 135,000 todos` or `again in 12 s`; '' when there is nothing to say. */
  readonly detail: string;
  /**
   * In places of their own, so that nothing jumps: pending, online, session, leadership, in a page the storage; after
   * them what is out of the ordinary.
   */
  readonly facts: readonly StatusFact[];
  /** Heights from 0 to 1, oldest first. */
  readonly spark: readonly number[];
  /** Operations and rows in the last whole second. */
  readonly perSecond: number;
  readonly hasFaults: boolean;
  /** What is wrong or awaited, and what helps; or that all is well. Absent: the engine does not say. */
  readonly diagnosis?:
    | {
        readonly text: string;
        readonly remedies: string;
        readonly tone: Tone;
        readonly buttons: readonly RemedyButton[];
      }
    | undefined;
  /** The last error of the engine, if no finding tells it; absent: none, or it has been overcome. */
  readonly problem?: string | undefined;
}

/** Turns what an engine told into the status bar. `now` is by the engine's clock, epoch ms. */
export function statusModelOf(view: EngineView, now: number): StatusModel {
  const { status, throughput } = view;
  const peak = Math.max(1, ...throughput);
  const diagnosis = diagnosisOf(view);
  return {
    phase: phaseNames[status.phase],
    tone: phaseToneOf(view, diagnosis?.tone),
    detail: detailOf(view, now),
    facts: factsOf(view),
    spark: throughput.map((count) => count / peak),
    perSecond: throughput.at(-2) ?? 0,
    hasFaults: hasFaults(view),
    diagnosis,
    problem: diagnosis === undefined ? view.status.lastError?.message : undefined,
  };
}

const levelTones: Readonly<Partial<Record<string, Tone>>> = { error: 'error', warning: 'conflict', waiting: 'wait' };

const isAtRest = ({ status: { pending, stuck, conflicts } }: EngineView): boolean => pending + stuck + conflicts === 0;

/** The most important finding, or that all is well. What is only good to know needs no line of its own. */
function diagnosisOf(view: EngineView): StatusModel['diagnosis'] {
  const { diagnosis = [] } = view;
  const first =
    diagnosis.find(({ level }) => levelTones[level] !== undefined) ??
    (isAtRest(view) ? diagnosis.find(({ level }) => level === 'ok') : undefined);
  if (first === undefined) return undefined;
  return {
    text: first.text,
    remedies: first.remedies.join(' '),
    tone: levelTones[first.level] ?? 'ok',
    buttons: remedyButtonsOf(first),
  };
}

/** Green only where nothing waits and nothing is wrong. */
function phaseToneOf(view: EngineView, found: Tone | undefined): Tone {
  const tone = phaseTones[view.status.phase];
  if (tone !== 'ok') return tone;
  if (found !== undefined && found !== 'ok') return found;
  if (view.status.lastError !== undefined) return 'error';
  return isAtRest(view) ? 'ok' : 'wait';
}

/** Whether a run has ended well since a command of the panel failed. */
export const isOvercome = (failedAt: number | undefined, { lastSyncedAt }: EngineView['status']): boolean =>
  failedAt !== undefined && lastSyncedAt !== undefined && lastSyncedAt > failedAt;

export const hasFaults = ({ faults }: Pick<EngineView, 'faults'>): boolean =>
  Object.entries(faults).some(
    ([name, value]) => name !== 'errorType' && value !== undefined && value !== false && value !== 0,
  );

/** Phases in which the engine rests until something comes, or a time. */
const resting: ReadonlySet<SyncPhaseName> = new Set([
  'idle',
  'backoff',
  'paused',
  'offline',
  'authRequired',
  'standby',
  'failed',
  'stopped',
]);

function detailOf({ status }: EngineView, now: number): string {
  // How far the last run came, stays in the status while it waits.
  if (status.progress !== undefined && !resting.has(status.phase)) {
    const { done, total, kind } = status.progress;
    const count = `${done.toLocaleString('en')}${total === undefined ? '' : ` of ${total.toLocaleString('en')}`}`;
    return `${count} ${kind ?? ((total ?? done) === 1 ? 'operation' : 'operations')}`;
  }
  if (status.retryAt !== undefined && status.retryAt > now) return `again in ${describeDuration(status.retryAt - now)}`;
  if (status.phase === 'idle' && status.lastSyncedAt !== undefined)
    return `synced ${describeDuration(now - status.lastSyncedAt)} ago`;
  return '';
}

const sessions: Readonly<Record<EngineView['session'], StatusFact>> = {
  signedIn: { text: 'signed in', tone: 'idle' },
  authRequired: { text: 'signed out', tone: 'error' },
  closed: { text: 'session closed', tone: 'idle' },
};
const leaderships: Readonly<Record<EngineView['lease'], StatusFact>> = {
  held: { text: 'leader', tone: 'info' },
  waiting: { text: 'another leads', tone: 'wait' },
  free: { text: 'no leader', tone: 'idle' },
};

const storageOf = (view: EngineView): StatusFact | false => {
  const { storage } = view.status;
  if (storage === undefined || storage.role === 'closed') return false;
  const [trouble] = diagnoseStorage(storage, view.status.pending);
  const label = trouble === undefined ? undefined : labelDiagnosis(trouble);
  if (label !== undefined) return { text: label, tone: 'error' };
  if (storage.role === 'opening') return { text: 'file changes hands', tone: 'wait' };
  return { text: storage.role === 'owner' ? 'file in this tab' : 'file in another tab', tone: 'idle' };
};

/** Every run asks for the lease first. A tab knows that another one leads when it has to wait, or when that tab says so. */
function leadershipOf({ status: { phase, storage }, lease }: EngineView): StatusFact {
  if (storage?.syncingTab !== undefined && storage.syncingTab !== storage.tab) return leaderships.waiting;
  return leaderships[lease === 'waiting' && phase !== 'standby' ? 'free' : lease];
}

function factsOf(view: EngineView): readonly StatusFact[] {
  const { status, session, scopeChanged } = view;
  const facts: (StatusFact | false)[] = [
    {
      // As many as the outbox lists: the stuck ones are among them.
      text: `${(status.pending + status.stuck).toLocaleString('en')} pending`,
      tone: status.pending + status.stuck > 0 ? 'info' : 'idle',
      leadsTo: 'outbox',
    },
    status.online ? { text: 'online', tone: 'ok' } : { text: 'offline', tone: 'wait' },
    sessions[session],
    leadershipOf(view),
    storageOf(view),
    status.stuck > 0 && { text: `${status.stuck.toLocaleString('en')} stuck`, tone: 'error', leadsTo: 'outbox' },
    status.conflicts > 0 && {
      text: describeCount(status.conflicts, 'conflict'),
      tone: 'conflict',
      leadsTo: 'conflicts',
    },
    scopeChanged && { text: 'another account', tone: 'error' },
    hasFaults(view) && { text: 'faults on', tone: 'error', leadsTo: 'faults' },
    !view.recording && { text: 'not recording', tone: 'wait', leadsTo: 'timeline' },
  ];
  return facts.filter((fact) => fact !== false);
}
