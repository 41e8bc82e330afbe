import type { DiagnosisView } from '../protocol/engine-view.ts';
import type { DevtoolsCommand } from '../protocol/messages.ts';

/** A button beside the diagnosis. */
export interface RemedyButton {
  readonly label: string;
  readonly command?: DevtoolsCommand | undefined;
  /** The view where the remedy is. */
  readonly leadsTo?: 'outbox' | 'conflicts' | 'replica' | undefined;
  /** What to ask before the command runs. */
  readonly question?: string | undefined;
}

const byRemedy: Readonly<Record<string, RemedyButton>> = {
  sync: { label: 'Try now', command: { type: 'sync' } },
  resume: { label: 'Resume', command: { type: 'resume' } },
  signIn: { label: 'Signed in again', command: { type: 'signedIn' } },
  adoptScope: {
    label: 'Keep for this account…',
    command: { type: 'adoptScope' },
    question: 'All data on this device then belongs to the current account. Queued changes are sent under its name.',
  },
  clearScope: {
    label: 'Clear this device…',
    command: { type: 'clearScope' },
    question: 'All rows and queued changes of the other account are removed from this device.',
  },
  decideConflict: { label: 'Decide', leadsTo: 'conflicts' },
  amend: { label: 'Show the changes', leadsTo: 'outbox' },
  lookAndRetry: { label: 'Show the changes', leadsTo: 'outbox' },
  drop: { label: 'Show the changes', leadsTo: 'outbox' },
  retry: { label: 'Retry all stuck', command: { type: 'retry' } },
  correctTable: { label: 'Show the rows', leadsTo: 'replica' },
};

/** Findings of the whole connection. A further attempt is harmless and may help at once. */
const worthTrying: ReadonlySet<string> = new Set([
  'retrying',
  'changesRetrying',
  'serverGivenUp',
  'webPage',
  'wrongAddress',
  'runFailed',
  'queued',
]);

const mostButtons = 2;

/** The buttons for a finding, the most helpful first. Remedies outside the panel have none. */
export function remedyButtonsOf({ code, codes = [] }: Pick<DiagnosisView, 'code' | 'codes'>): readonly RemedyButton[] {
  const wanted = worthTrying.has(code) ? ['sync', ...codes] : codes;
  const buttons = wanted.flatMap((remedy): readonly RemedyButton[] => {
    const button = byRemedy[remedy];
    // A retry of all helps only operations that are stuck.
    return button === undefined || (remedy === 'retry' && code !== 'stuck') ? [] : [button];
  });
  const labels = buttons.map(({ label }) => label);
  return buttons.filter(({ label }, index) => labels.indexOf(label) === index).slice(0, mostButtons);
}
