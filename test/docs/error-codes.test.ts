import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { syncErrorCodes } from '../../src/model/errors/error-codes.ts';
import { textOf } from './hazards-page.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const page = textOf('docs/error-codes.md');

/** The text under a heading, up to the next heading. */
const underHeading = (heading: string): string => {
  const from = page.indexOf(`\n${heading}\n`);
  if (from < 0) return '';
  const text = page.slice(from + heading.length + 2);
  const to = text.search(/^#{2,3} /m);
  return to < 0 ? text : text.slice(0, to);
};
const firstColumn = (heading: string): string[] =>
  [...underHeading(heading).matchAll(/^\| `([^`]+)` \|/gm)].map(([, value = '']) => value).sort();

const sourceOf = (file: string): ts.SourceFile =>
  ts.createSourceFile(
    file,
    textOf(file),
    ts.ScriptTarget.Latest,
    true,
    file.endsWith('x') ? ts.ScriptKind.TSX : undefined,
  );
const visitAll = (node: ts.Node, see: (node: ts.Node) => void): void => {
  see(node);
  ts.forEachChild(node, (child) => visitAll(child, see));
};

/** The members of a union of string literals, as the source has them. */
function membersOf(file: string, name: string): string[] {
  const members: string[] = [];
  for (const statement of sourceOf(file).statements)
    if (ts.isTypeAliasDeclaration(statement) && statement.name.text === name)
      visitAll(statement.type, (node) => {
        if (ts.isStringLiteral(node)) members.push(node.text);
      });
  return members.sort();
}

const sources = readdirSync(`${root}src`, { recursive: true, encoding: 'utf8' })
  .map((name) => `src/${name.replaceAll('\\', '/')}`)
  .filter((name) => /\.tsx?$/.test(name));

test('docs: every error code has an entry that says what happened and what to do', () => {
  const headings = [...page.matchAll(/^### ([A-Z][A-Z_]+)$/gm)].map(([, code = '']) => code);
  expect([...headings].sort()).toEqual([...syncErrorCodes].sort());
  const incomplete = headings.filter(
    (code) => !/\*\*What happened:\*\* \S[^]*\*\*What to do:\*\* \S/.test(underHeading(`### ${code}`)),
  );
  expect(incomplete).toEqual([]);
});

test('docs: every reason that an operation waits for, or left the queue for, has an entry', () => {
  expect(firstColumn('### Why an operation waits')).toEqual(
    membersOf('src/model/pending-operation.ts', 'PendingReason'),
  );
  expect(firstColumn('### Why an operation left the queue')).toEqual(membersOf('src/model/events.ts', 'DiscardReason'));
});

test('docs: every word with which the reference server refuses has an entry', () => {
  const words = new Set<string>();
  for (const file of sources.filter((name) => name.startsWith('src/server/')))
    visitAll(sourceOf(file), (node) => {
      if (!ts.isStringLiteral(node) || !/^[a-z]+(_[a-z]+)*$/.test(node.text)) return;
      const { parent } = node;
      // refusal(422, 'validation', …), errorBody('busy', …), `?? 'refused'` inside them, { error: 'conflict' }.
      const at = ts.isBinaryExpression(parent) ? parent : node;
      const call = at.parent;
      const isArgument =
        ts.isCallExpression(call) &&
        ((call.expression.getText() === 'refusal' && call.arguments[1] === at) ||
          (call.expression.getText() === 'errorBody' && call.arguments[0] === at));
      const isField =
        ts.isPropertyAssignment(parent) &&
        parent.name.getText() === 'error' &&
        parent.parent.properties.some((property) => property.name?.getText() === 'message');
      const isByStatus = ts.isPropertyAssignment(parent) && ts.isNumericLiteral(parent.name);
      if (isArgument || isField || isByStatus) words.add(node.text);
    });
  expect(words.size).toBeGreaterThan(15);
  expect(firstColumn('### What the reference server answers')).toEqual([...words].sort());
});

test('docs: every finding of the diagnosis has an entry', () => {
  const diagnosis = textOf('docs/diagnosis.md');
  const members: string[] = [];
  for (const statement of sourceOf('src/rules/diagnosis/diagnosis.ts').statements)
    if (ts.isInterfaceDeclaration(statement) && statement.name.text === 'DiagnosisEvidence')
      members.push(...statement.members.map((member) => member.name?.getText() ?? ''));
  expect(members.length).toBeGreaterThan(30);
  expect(members.filter((code) => !new RegExp(`^\\|[^|]*\`${code}\``, 'm').test(diagnosis))).toEqual([]);
});

/** Titles of test cases and findings of the simulator name what they prove. */
const namesNumbers = /^src\/(simulation|testing\/conformance)\//;

test('messages: no text for users carries the number of a hazard, a behaviour or a section', () => {
  const found = sources
    .filter((file) => !namesNumbers.test(file))
    .flatMap((file) => {
      const source = sourceOf(file);
      const texts: string[] = [];
      visitAll(source, (node) => {
        const isText =
          ts.isStringLiteralLike(node) ||
          ts.isTemplateHead(node) ||
          ts.isTemplateMiddle(node) ||
          ts.isTemplateTail(node) ||
          ts.isJsxText(node);
        if (isText && /\b[A-Z]{1,3}-\d{2,3}\b|§/.test(node.text))
          texts.push(`${file}:${source.getLineAndCharacterOfPosition(node.getStart(source)).line + 1}: ${node.text}`);
      });
      return texts;
    });
  expect(found).toEqual([]);
});
