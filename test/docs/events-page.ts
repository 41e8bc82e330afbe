import ts from 'typescript';
import { textOf } from './hazards-page.ts';

const file = 'src/model/events.ts';
const oneLine = (text: string): string => text.replaceAll(/\s+/g, ' ').trim();
const proseOf = (comment: string): string =>
  oneLine(comment.replaceAll(/^\s*\/?\*+\/?|\*\/$/gm, '')).replaceAll(/ ?\((?:F-\d+(?:, )?)+\)/g, '');

interface Described {
  readonly type: string;
  readonly happened: string;
  readonly fields: readonly string[];
}

/** The members of `SyncFact` with their docstrings and fields, as the source has them. */
function describedEvents(): readonly Described[] {
  const text = textOf(file);
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const union = source.statements.find(
    (statement): statement is ts.TypeAliasDeclaration =>
      ts.isTypeAliasDeclaration(statement) && statement.name.text === 'SyncFact',
  )?.type;
  if (union === undefined || !ts.isUnionTypeNode(union)) throw new Error(`${file}: SyncFact is no union`);
  let before = union.pos;
  return union.types.map((member) => {
    const comment = text.slice(before, member.getStart(source));
    before = member.end;
    const fields: string[] = [];
    let type = '';
    const visit = (node: ts.Node): void => {
      if (ts.isTypeReferenceNode(node) && node.typeName.getText(source) === 'OpRef')
        fields.push('`opId`', '`kind`', '`entityId`');
      else if (ts.isPropertySignature(node)) {
        const name = node.name.getText(source);
        const shown = oneLine(node.type?.getText(source) ?? 'unknown').replaceAll('|', '\\|');
        if (name === 'type') type = shown.replaceAll("'", '');
        else fields.push(`\`${name}${node.questionToken === undefined ? '' : '?'}: ${shown}\``);
      } else ts.forEachChild(node, visit);
    };
    visit(member);
    return { type, happened: proseOf(comment.replaceAll('|', '')), fields };
  });
}

export function eventsPage(): string {
  const events = describedEvents();
  const silent = events.filter(({ happened }) => happened === '').map(({ type }) => type);
  if (silent.length > 0) throw new Error(`${file}: no docstring at ${silent.join(', ')}`);
  const rows = events.map(({ type, happened, fields }) => `| \`${type}\` | ${happened} | ${fields.join(', ')} |`);
  return `# Events

\`engine.events$\` emits every event after it is stored. It is an RxJS Observable. Late listeners receive only later events. It completes when the engine is
disposed, and a throwing listener does not affect the others.

\`\`\`ts
const listening = engine.events$.subscribe((event) => {
  if (event.type === 'op.stuck') console.warn(event.kind, event.entityId, event.errorInfo.message);
});
listening.unsubscribe();
\`\`\`

Every event has \`at\` (epoch ms, by the engine's clock). Events of a run have its \`runId\`. [Errors](errors.md) says what to show for failures. A test generates this table from
the types.

| event | what happened | fields |
|---|---|---|
${rows.join('\n')}
`;
}
