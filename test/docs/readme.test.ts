import { readdirSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const documents = [
  'README.md',
  ...readdirSync(`${root}docs`, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name.replaceAll('\\', '/')}`),
];

interface Block {
  /** Where it is, as editors open it. */
  readonly place: string;
  /** A file name that exists for the compiler only. */
  readonly path: string;
  readonly code: string;
}

function blocksOf(document: string): Block[] {
  const text = readFileSync(root + document, 'utf8');
  return [...text.matchAll(/^```(tsx?|vue|svelte)\n([\s\S]*?)^```$/gm)].map((match) => {
    const line = text.slice(0, match.index).split('\n').length;
    const [, language = 'ts', source = ''] = match;
    // Of a component, the script.
    const isComponent = language === 'vue' || language === 'svelte';
    const code = isComponent ? (/<script[^>]*>\n([\s\S]*?)<\/script>/.exec(source)?.[1] ?? '') : source;
    return {
      place: `${document}:${line}`,
      path: `${root}test/docs/${document.replaceAll(/\W/g, '-')}-line-${line}.${isComponent ? 'ts' : language}`,
      // A block without import or export would be a script, whose names collide with those of the others.
      code: `${document === 'docs/solid.md' ? '/** @jsxImportSource solid-js */\n' : ''}${code}\nexport {};\n`,
    };
  });
}

test('docs: every ts and tsx block and component script in README.md and docs/ compiles against the sources', {
  timeout: 120_000,
}, () => {
  const blocks = documents.flatMap(blocksOf);
  const byPath = new Map(blocks.map((block) => [block.path, block]));
  const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => readFileSync(path, 'utf8')) as {
    config: unknown;
  };
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const settings = { ...options, noUnusedLocals: false, noUnusedParameters: false };

  const host = ts.createCompilerHost(settings);
  const onDisk = {
    fileExists: host.fileExists.bind(host),
    readFile: host.readFile.bind(host),
    getSourceFile: host.getSourceFile.bind(host),
  };
  host.fileExists = (path) => byPath.has(path) || onDisk.fileExists(path);
  host.readFile = (path) => byPath.get(path)?.code ?? onDisk.readFile(path);
  host.getSourceFile = (path, ...rest) => {
    const block = byPath.get(path);
    return block === undefined
      ? onDisk.getSourceFile(path, ...rest)
      : ts.createSourceFile(path, block.code, rest[0], true);
  };

  const program = ts.createProgram([`${root}test/docs/preamble.ts`, ...byPath.keys()], settings, host);
  const complaints = blocks.flatMap((block) => {
    const source = program.getSourceFile(block.path);
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)].map(
      (diagnostic) => `${block.place}: ${ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n')}`,
    );
  });
  expect(blocks.length).toBeGreaterThan(0);
  expect(complaints).toEqual([]);
});

test('docs: every relative link leads to a file', () => {
  const dead = documents.flatMap((document) =>
    [...readFileSync(root + document, 'utf8').matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)[^)]*\)/g)]
      .filter(
        (match) =>
          !ts.sys.fileExists(resolve(root, dirname(document), match[1] ?? '')) &&
          !ts.sys.directoryExists(resolve(root, dirname(document), match[1] ?? '')),
      )
      .map((match) => `${document}: ${match[1] ?? ''}`),
  );
  expect(dead).toEqual([]);
});
