import { operationTransitions } from '../../../src/persistence/outbox/transitions/transition-table.ts';

const stateTexts = {
  behind: 'waits behind another operation of its row',
  ready: 'is first in its line and may be taken',
  waiting: 'is first in its line and waits for a time, for another row, or for the next run',
  parked: 'is first in its line and waits for a person, or for the decision on a conflict',
  inFlight: 'is the first operation of a request in flight',
} as const;

/** Builds docs/operations.md: the states of a queued operation as a diagram and a list, from the transition table. */
export function transitionsPage(): string {
  const all = Object.entries(operationTransitions);
  const arrows = new Map<string, string[]>();
  for (const [name, { from, to }] of all)
    for (const start of from)
      for (const end of to) {
        // The table alone lists repairs, leaving, and parking of damaged operations: nearly every state allows them.
        if (['repair', 'leave', 'parkUnreadable'].includes(name)) continue;
        const arrow = `${start} --> ${end}`;
        arrows.set(arrow, [...(arrows.get(arrow) ?? []), name]);
      }
  return `# States of a queued operation

Only the folder \`src/persistence/outbox/transitions\` changes queued operations. This page is generated from
\`transition-table.ts\` in it. A transition from a state that the table does not list is an error, and its transaction rolls back.

${Object.entries(stateTexts)
  .map(([state, text]) => `- \`${state}\`: ${text}.`)
  .join('\n')}

\`\`\`mermaid
stateDiagram-v2
  [*] --> ready: enqueue
  [*] --> behind: enqueue
${[...arrows].map(([arrow, names]) => `  ${arrow}: ${names.join(', ')}`).join('\n')}
  ready --> [*]: leave
  inFlight --> [*]: leave
\`\`\`

| transition | from | to | when |
|---|---|---|---|
${all.map(([name, { from, to, when }]) => `| \`${name}\` | ${from.join(', ')} | ${to.join(', ')} | ${when} |`).join('\n')}
`;
}
