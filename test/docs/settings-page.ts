import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import type { Option } from '../../src/model/options/option-list.ts';
import { commandFlags } from '../../src/server/command-flags.ts';
import { sections, type Section } from './settings-sections.ts';
import { shownDefault } from './shown-default.ts';

interface Declared {
  readonly type: string;
  readonly description: string;
  readonly defaultTag: string | undefined;
}

const root = fileURLToPath(new URL('../../', import.meta.url));
/** On one line, however the formatter broke it. */
const oneLine = (text: string): string =>
  text.replaceAll(/\s+/g, ' ').replaceAll(/\( /g, '(').replaceAll(/,? \)/g, ')').trim();
const proseOf = (comment: string | ts.NodeArray<ts.JSDocComment> | undefined): string =>
  oneLine((ts.getTextOfJSDocComment(comment) ?? '').replaceAll(/\{@link (\w+)\}/g, '`$1`'));

/** The members of an interface by name, with their types and docstrings as the source has them. */
function declaredIn(place: string): ReadonlyMap<string, Declared> {
  const [file = '', name] = place.split('#');
  const source = ts.createSourceFile(file, readFileSync(root + file, 'utf8'), ts.ScriptTarget.Latest, true);
  const found = source.statements.find(
    (statement): statement is ts.InterfaceDeclaration =>
      ts.isInterfaceDeclaration(statement) && statement.name.text === name,
  );
  if (found === undefined) throw new Error(`settings: there is no interface ${place}`);
  return new Map(
    found.members.map((member) => {
      const docs = ts.getJSDocCommentsAndTags(member).filter(ts.isJSDoc);
      const tag = ts.getJSDocTags(member).find(({ tagName }) => tagName.text === 'defaultValue');
      const type = ts.isMethodSignature(member)
        ? `(${member.parameters.map((parameter) => parameter.getText()).join(', ')}) => ${member.type?.getText() ?? 'void'}`
        : ts.isPropertySignature(member)
          ? (member.type?.getText() ?? 'unknown').replace(/ \| undefined$/, '')
          : 'unknown';
      const declared = {
        type: oneLine(type),
        description: proseOf(docs.at(-1)?.comment),
        defaultTag: tag && proseOf(tag.comment),
      };
      return [member.name?.getText().replaceAll("'", '') ?? '', declared] as const;
    }),
  );
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Throws where a docstring is missing or tells another default than the list. */
function rowOf(section: Section, name: string, option: Option, declared: Declared | undefined): string {
  const where = `settings: ${name} of ${section.declared[0] ?? ''}`;
  if (declared === undefined) throw new Error(`${where} is in the list but not in the interface`);
  if (declared.description === '') throw new Error(`${where} has no docstring`);
  const literal = 'fallback' in option ? shownDefault(name, option.fallback) : undefined;
  if (literal !== undefined && literal !== declared.defaultTag)
    throw new Error(`${where} needs "@defaultValue ${literal}" in its docstring, has ${declared.defaultTag ?? 'none'}`);
  const absent = option.isRequired ? 'required' : (literal ?? declared.defaultTag ?? '–');
  return `| \`${name}\` | \`${cell(declared.type)}\` | ${cell(absent)} | ${cell(option.expected)} | ${cell(declared.description)} |`;
}

function tableOf(section: Section): string {
  const members = new Map(section.declared.flatMap((place) => [...declaredIn(place)]));
  return [
    section.title,
    '',
    section.about,
    '',
    '| option | type | default | must be | |',
    '|---|---|---|---|---|',
    ...Object.entries(section.list).map(([name, option]) => rowOf(section, name, option, members.get(name))),
    '',
  ].join('\n');
}

function flagTable(): string {
  const rows = Object.entries<Option & { readonly value?: string; readonly about: string; readonly without?: string }>(
    commandFlags,
  ).map(([name, flag]) => {
    const absent =
      'fallback' in flag && typeof flag.fallback === 'string' ? shownDefault(name, flag.fallback) : flag.without;
    return `| \`--${name}${flag.value === undefined ? '' : ` ${flag.value}`}\` | ${cell(absent ?? '–')} | ${cell(flag.about)} |`;
  });
  return [
    '### The command',
    '',
    '`npx synchart-server`.',
    '',
    '| flag | default | |',
    '|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/**
 * The page of the documentation that lists every option, made from the lists that check them and the docstrings of
 * their interfaces.
 */
export function settingsPage(): string {
  return [
    '# Settings',
    '',
    'This page lists every option of every public object. It is generated from the lists that check the options and from their docstrings',
    '(`npm run docs:settings`); a test compares it. An unknown option, or a value outside the column “must be”, throws (or rejects)',
    'where you create the object. The error names the option, the expected value and the received one. Times are in milliseconds.',
    '',
    ...sections.flatMap((section) => (section === 'flags' ? [flagTable()] : [tableOf(section)])),
  ].join('\n');
}
