import { operationTransitions } from '../../../src/persistence/outbox/transitions/transition-table.ts';

const stateTexts = {
  behind: 'waits behind another operation of its row',
  ready: 'leads its line and may be taken',
  waiting: 'leads its line and waits for a time, for another row, or for the next run',
  parked: 'leads its line and waits for a person, or for the decision on a conflict',
  inFlight: 'leads the operations of a request that is under way',
} as const;

/** docs/operations.md: the states of a queued operation, drawn and listed from the table of transitions. */
export function transitionsPage(): string {
  const all = Object.entries(operationTransitions);
  const arrows = new Map<string, string[]>();
  for (const [name, { from, to }] of all)
    for (const start of from)
      for (const end of to) {
        // Repairs, leaving, and parking what is damaged are possible almost everywhere: the table tells them.
        if (['repair', 'leave', 'parkUnreadable'].includes(name)) continue;
        const arrow = `${start} --> ${end}`;
        arrows.set(arrow, [...(arrows.get(arrow) ?? []), name]);
      }
  return `# States of a queued operation

The folder \`src/persistence/outbox/transitions\` alone changes queued operations. This page is generated from
\`transition-table.ts\` in it. A transition that starts from another state than the table says is an error, and its transaction is undone.

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
