import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../../', import.meta.url));
const entries = [
  'index',
  'persistence',
  'transport',
  'rpc',
  'browser',
  'browser-worker',
  'queries',
  'react',
  'react-ui',
  'vue',
  'svelte',
  'solid',
  'devtools',
  'devtools-node',
  'devtools-page',
  'server',
  'testing',
];

const { config } = ts.readConfigFile(`${root}tsconfig.json`, (path) => readFileSync(path, 'utf8')) as {
  config: unknown;
};
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const program = ts.createProgram(entries.map((entry) => `${root}src/${entry}.ts`).filter(existsSync), options);
const checker = program.getTypeChecker();

/** `name` for a value, `type name` for what exists only for the compiler. */
function exportsOf(entry: string): string[] {
  const source = program.getSourceFile(`${root}src/${entry}.ts`);
  const module = source && checker.getSymbolAtLocation(source);
  if (module === undefined) throw new Error(`src/${entry}.ts is missing or exports nothing`);
  return checker
    .getExportsOfModule(module)
    .map((symbol) => {
      const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
      return target.flags & ts.SymbolFlags.Value ? symbol.name : `type ${symbol.name}`;
    })
    .sort();
}

describe('public names: a change appears in this snapshot and in CHANGELOG.md', () => {
  for (const entry of entries) {
    test(`synchart${entry === 'index' ? '' : `/${entry.replace('-', '/')}`}`, async () => {
      await expect(`${exportsOf(entry).join('\n')}\n`).toMatchFileSnapshot(`exports/${entry}.txt`);
    });
  }
});
