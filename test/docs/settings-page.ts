import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { conflictOptions } from '../../src/engine/ports/check-conflict-config.ts';
import { engineOptions } from '../../src/engine/ports/engine-options.ts';
import { configOptions } from '../../src/model/config.ts';
import { without, type Option } from '../../src/model/options/option-list.ts';
import { openDatabaseOptions } from '../../src/persistence/database/open-database.ts';
import { tableOptions } from '../../src/persistence/tables/sync-table.ts';
import { commandFlags } from '../../src/server/command-flags.ts';
import { createSyncServerOptions } from '../../src/server/create-sync-server.ts';
import { serverTableOptions } from '../../src/server/table-shape.ts';
import { createTransportOptions } from '../../src/transport/create-transport.ts';
import { restOptions } from '../../src/transport/http/rest-options.ts';
import { shownDefault } from './shown-default.ts';

type List = Readonly<Record<string, Option>>;

interface Section {
  readonly title: string;
  readonly about: string;
  readonly list: List;
  /** Where the options are declared, as `file#interface`. */
  readonly declared: readonly string[];
}

const sections: readonly Section[] = [
  {
    title: '## The engine',
    about:
      '`createSyncEngine(options)`. `createSyncMachine` takes the same without `connectivity`; `createRestSyncEngine` takes [the options of REST](#rest) in the place of `transport`.',
    list: engineOptions,
    declared: [
      'src/engine/ports/engine-options.ts#SyncEngineOptions',
      'src/engine/ports/engine-options.ts#SyncMachineOptions',
    ],
  },
  {
    title: '### `config`',
    about:
      'The option `config` of the engine. `defaultSyncConfig` has the defaults as values, `resolveSyncConfig` checks and completes a configuration.',
    list: configOptions,
    declared: ['src/model/config.ts#SyncConfig'],
  },
  {
    title: '## The database',
    about:
      '`openDatabase(options)`. It passes `logging`, `logger`, `subscribers`, `namingStrategy` and `maxQueryExecutionTime` on to TypeORM.',
    list: without(openDatabaseOptions, 'logging', 'logger', 'subscribers', 'namingStrategy', 'maxQueryExecutionTime'),
    declared: [
      'src/persistence/database/open-database.ts#OpenDatabaseOptions',
      'src/persistence/gate/connection-gate.ts#GateOptions',
    ],
  },
  {
    title: '## Tables',
    about: '`syncTable(entity, options)`.',
    list: tableOptions,
    declared: [
      'src/persistence/tables/sync-table.ts#SyncTableOptions',
      'src/persistence/columns/table-schema.ts#TableSchemaOptions',
    ],
  },
  {
    title: '### `conflict`',
    about: 'The option `conflict` of a table, and each value of the engine’s `tableConflicts`.',
    list: conflictOptions,
    declared: ['src/model/conflict.ts#TableConflictConfig'],
  },
  {
    title: '## REST',
    about: '`new RestTransport(options)`, and `createRestSyncEngine` together with [those of the engine](#the-engine).',
    list: restOptions,
    declared: ['src/transport/http/rest-options.ts#RestTransportOptions'],
  },
  {
    title: '### Other wires',
    about: `\`createTransport(options)\`. ${Object.keys(without(createTransportOptions, 'send', 'subscribe'))
      .map((name) => `\`${name}\``)
      .join(', ')} mean the same as for REST.`,
    list: { send: createTransportOptions.send, subscribe: createTransportOptions.subscribe },
    declared: ['src/transport/create-transport.ts#CreateTransportOptions'],
  },
  {
    title: '## The server',
    about:
      '`createSyncServer(options)`. The plugin `syncServer` takes the same without `logger`; its `prefix` is the one of Fastify’s `register`.',
    list: createSyncServerOptions,
    declared: [
      'src/server/server-options.ts#SyncServerOptions',
      'src/server/create-sync-server.ts#CreateSyncServerOptions',
    ],
  },
  {
    title: '### Its tables',
    about: '`serverTable(entity, options)`.',
    list: serverTableOptions,
    declared: ['src/server/table-shape.ts#ServerTableOptions'],
  },
];

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
    'Every option of the engine, its tables, the transports and the server. This page is generated from the lists that check the options and from their',
    'docstrings (`npm run docs:settings`); a test compares it. An unknown option, or a value that is not what the column “must be” says, throws',
    'where the object is made, with the name of the option and what came. Times are in milliseconds.',
    '',
    ...sections.map(tableOf),
    flagTable(),
  ].join('\n');
}
