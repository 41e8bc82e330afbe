import type { DiagnosisView } from '../devtools/protocol/engine-view.ts';
import type { LeftOperation, ReplayReport } from './play/replay-report.ts';
import type { ReplayStep } from './play/replay-steps.ts';
import { count } from './plan/wording.ts';

const width = 80;
/** Number of steps shown at each end of a long trace. */
const shownSteps = 20;

export interface PrintOptions {
  /** Shows all steps. */
  readonly all?: boolean | undefined;
}

/** Formats a report as text with at most 80 columns. */
export function printReplay(report: ReplayReport, { all = false }: PrintOptions = {}): string {
  const { saved, assumed } = report;
  const span = saved.at - saved.startAt;
  return [
    `${saved.name}, saved ${stamp(saved.at)}`,
    `${count(saved.entries, 'log entry').replace('entrys', 'entries')} over ${duration(span)}, ${count(saved.operations, 'operation')} in the outbox`,
    ...section('What was wrong when it was saved, and what helps', saved.diagnosis.flatMap(diagnosisLines)),
    ...section(
      'Assumed, because the file does not say',
      assumed.flatMap((sentence) => wrapped(sentence, '- ')),
    ),
    ...section(
      report.recorded.length === 0 ? 'Re-run' : 'Re-run until the file was saved (= as it was recorded)',
      traceOf(report, all),
    ),
    ...section(
      'Then, without any fault',
      lines(report.after, () => ' ', saved.startAt, all),
    ),
    ...section('Result', resultOf(report)),
    '',
  ].join('\n');
}

const diagnosisLines = ({ level, text, remedies }: DiagnosisView): readonly string[] =>
  wrapped([text, ...remedies].join(' '), `${level.padEnd(8)} `);

const section = (title: string, body: readonly string[]): readonly string[] =>
  body.length === 0 ? [] : ['', title, ...body.map((line) => `  ${line}`.trimEnd())];

function traceOf({ steps, departure, recorded, saved }: ReplayReport, all: boolean): readonly string[] {
  const at =
    departure === undefined ? -1 : departure.rerun === undefined ? steps.length : steps.indexOf(departure.rerun);
  const isSame = (index: number): boolean => recorded.length > 0 && (at === -1 || index < at);
  const shown = lines(
    steps.slice(0, at === -1 ? undefined : at),
    (step, index) => (step.type !== 'event' && isSame(index) ? '=' : ' '),
    saved.startAt,
    all,
  );
  if (departure === undefined) return shown;
  const side = (step: ReplayStep | undefined): string =>
    step === undefined ? 'nothing more' : `${step.text}${step.detail === '' ? '' : `: ${step.detail}`}`;
  return [
    ...shown,
    'Here they part:',
    ...wrapped(side(departure.rerun), '  re-run    '),
    ...wrapped(side(departure.recorded), '  recorded  '),
    ...lines(steps.slice(at), () => ' ', saved.startAt, all),
  ];
}

function lines(
  steps: readonly ReplayStep[],
  mark: (step: ReplayStep, index: number) => string,
  startAt: number,
  all: boolean,
): readonly string[] {
  const shown =
    all || steps.length <= 2 * shownSteps + 5
      ? steps
      : [...steps.slice(0, shownSteps), undefined, ...steps.slice(-shownSteps)];
  return shown.flatMap((step) => {
    if (step === undefined)
      return [`${' '.repeat(14)}… ${count(steps.length - 2 * shownSteps, 'step')} more; --all shows them`];
    const index = steps.indexOf(step);
    const isLater = index === 0 || Math.floor(step.at) !== Math.floor(steps[index - 1]?.at ?? 0);
    const start = `${(isLater ? clock(step.at - startAt) : '').padStart(11)} ${mark(step, index)} `;
    return stepLines(step, start);
  });
}

function stepLines({ type, text, detail, parts }: ReplayStep, start: string): readonly string[] {
  const room = width - 2 - start.length;
  const indent = type === 'phase' ? '' : '  ';
  if (parts !== undefined) {
    const total = parts.reduce((sum, { operations }) => sum + operations.length, 0);
    const head = `${' '.repeat(start.length)}    `;
    return [
      `${start}${indent}${text.startsWith('push by force') ? 'push by force' : 'push'} ${total} operations`,
      ...parts.map(({ outcome, operations }) => {
        const names =
          operations.length > 3
            ? `${operations.slice(0, 3).join(' ')} and ${operations.length - 3} more`
            : operations.join(' ');
        return `${head}${outcome.padEnd(16)} ${clipped(names, room - 21)}`;
      }),
    ];
  }
  const what = `${indent}${type === 'event' ? `· ${text}` : text}`;
  if (detail === '') return [`${start}${clipped(what, room)}`];
  const end = clipped(detail, Math.floor(room / 2));
  const left = clipped(what, room - end.length - 2);
  return [`${start}${left.padEnd(Math.min(34, room - end.length - 2))}  ${end}`];
}

function resultOf({
  differences,
  drained,
  left,
  commits,
  violation,
  outcome,
  saved,
  departure,
  unexpected,
}: ReplayReport): readonly string[] {
  if (violation !== undefined)
    return [
      ...wrapped(`invariant ${violation.invariant} does not hold: ${violation.message}`, 'BROKEN    '),
      ...wrapped('This is worth a report: please attach the file.', ' '.repeat(10)),
    ];
  const groups = (['stuck', 'conflict', 'ambiguous', 'forbidden'] as const).filter((reason) =>
    left.some((operation) => operation.reason === reason),
  );
  const others = left.filter(({ reason }) => !groups.some((group) => group === reason));
  return [
    ...(outcome === 'same'
      ? wrapped(
          saved.operations === 0
            ? 'Nothing waited when it was saved, and nothing does here.'
            : `When it was saved, the same operations waited for the same reasons (${saved.operations}).`,
          'same      ',
        )
      : differences.flatMap((sentence, index) => wrapped(sentence, index === 0 ? 'DIFFERENT ' : ' '.repeat(10)))),
    ...(departure !== undefined && outcome === 'same'
      ? wrapped('They came to the same end by another way; see where they part.', ' '.repeat(10))
      : []),
    ...(unexpected.length > 0
      ? wrapped(`Asked for what the recording does not have: ${[...new Set(unexpected)].join(', ')}.`, ' '.repeat(10))
      : []),
    ...wrapped(drained.length === 0 ? 'nothing' : namesOf(drained), 'drained   '),
    ...(left.length === 0 ? ['left      nothing'] : []),
    ...groups.flatMap((reason) =>
      leftLines(
        reason,
        left.filter((operation) => operation.reason === reason),
      ),
    ),
    ...(others.length === 0 ? [] : leftLines('waiting', others)),
    ...wrapped(`no edit lost or doubled, no row missed; looked at ${count(commits, 'commit')}`, 'held      '),
  ];
}

/** The first part of a UUID suffices to identify it. */
const longId = /\b([0-9a-f]{8})-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/g;

/** Operations by reason, grouped by equal sentences. */
function leftLines(reason: string, operations: readonly LeftOperation[]): readonly string[] {
  const details = new Map<string, LeftOperation[]>();
  for (const operation of operations) {
    const detail = operation.detail.replaceAll(longId, '$1');
    details.set(detail, [...(details.get(detail) ?? []), operation]);
  }
  return [...details].flatMap(([detail, same], index) => [
    ...wrapped(namesOf(same), (index === 0 ? reason : '').padEnd(10)),
    ...wrapped(detail, ' '.repeat(12)),
  ]);
}

/** Writes `todos/t1 (2 operations), todos/t2`; shortens a long list. */
function namesOf(operations: readonly Pick<LeftOperation, 'kind' | 'entityId'>[]): string {
  const counts = new Map<string, number>();
  for (const { kind, entityId } of operations)
    counts.set(`${kind}/${entityId}`, (counts.get(`${kind}/${entityId}`) ?? 0) + 1);
  const names = [...counts].map(([name, times]) => (times === 1 ? name : `${name} (${times} operations)`));
  return names.length <= 12 ? names.join(', ') : `${names.slice(0, 12).join(', ')} and ${names.length - 12} more`;
}

/** Wraps words at 78 columns. The first line begins with `head`; the others are indented equally. */
function wrapped(text: string, head: string): readonly string[] {
  const indent = ' '.repeat(head.length);
  const result: string[] = [];
  let line = head;
  for (const whole of text.split(/\s+/)) {
    const word = clipped(whole, width - 2 - head.length);
    const isStart = line === head || line === indent;
    if (!isStart && line.length + 1 + word.length > width - 2) {
      result.push(line);
      line = indent;
    }
    line += `${line === head || line === indent ? '' : ' '}${word}`;
  }
  return [...result, line];
}

const clipped = (text: string, room: number): string =>
  text.length <= room ? text : `${text.slice(0, Math.max(1, room - 1))}…`;
const stamp = (at: number): string => `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

function duration(ms: number): string {
  const seconds = Math.round(ms / 1_000);
  if (seconds < 1) return `${Math.round(ms)} ms`;
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ] as const;
  const first = parts.findIndex(([number]) => number > 0);
  return parts
    .slice(first, first + 2)
    .filter(([number]) => number > 0)
    .map(([number, unit]) => `${number} ${unit}`)
    .join(' ');
}

/** Writes `1:02:03.456` since the beginning. */
function clock(ms: number): string {
  const whole = Math.floor(ms);
  const two = (number: number): string => String(number).padStart(2, '0');
  const hours = Math.floor(whole / 3_600_000);
  return `${hours > 0 ? `${hours}:` : ''}${two(Math.floor(whole / 60_000) % 60)}:${two(Math.floor(whole / 1_000) % 60)}.${String(whole % 1_000).padStart(3, '0')}`;
}
