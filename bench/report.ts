import type { Result } from './race.ts';

export interface Table {
  readonly title: string;
  readonly unit: string;
  readonly results: readonly Result[];
  readonly floors: readonly string[];
}

const cell = (value: number, digits = 2): string => value.toFixed(digits);

/** A markdown table: speed of everyone, as a ratio to each floor (1.00 = as fast as the floor, above = faster). */
export function toMarkdown({ title, unit, results, floors }: Table): string {
  const floorSpeeds = floors.map((floor) => results.find(({ name }) => name === floor)?.perSecond ?? NaN);
  const head = [
    'contender',
    ...floors.map((floor) => `× ${floor}`),
    `${unit}/s here`,
    'CPU ms here',
    'peak MB above idle',
  ];
  const lines = results.map(({ name, perSecond, cpuMs, aboveIdleMb }) => [
    name,
    ...floorSpeeds.map((floor) => cell(perSecond / floor)),
    Math.round(perSecond).toLocaleString('en-US'),
    Math.round(cpuMs).toLocaleString('en-US'),
    cell(aboveIdleMb, 0),
  ]);
  return [
    `### ${title}`,
    '',
    `| ${head.join(' | ')} |`,
    `|${head.map((_, index) => (index === 0 ? '---' : '---:')).join('|')}|`,
    ...lines.map((line) => `| ${line.join(' | ')} |`),
    '',
  ].join('\n');
}
