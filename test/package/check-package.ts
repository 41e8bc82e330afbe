/**
 * Checks what `npm publish` would ship, beside what publint and attw look at: `npm run build && npm run test:package`.
 * Exits 1 and says why.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { transformSync } from 'esbuild';
import ts from 'typescript';

const root = fileURLToPath(new URL('../../', import.meta.url));
const entries = [
  'index',
  'persistence',
  'transport',
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
/**
 * What an app loads that imports everything but the server and the test tools: gzipped, without comments and
 * dependencies, names not shortened.
 */
const appBudgetKb = 250;
/** What a page loads that mounts the panel, gzipped, without React, the engine and the drawing of the chart. */
const devtoolsBudgetKb = 70;
/** What comes with the first chart: React Flow and the layouts, gzipped. */
const drawnChartBudgetKb = 88;
/** The inspector's page, gzipped, with React and without the drawing of the chart. */
const inspectorPageBudgetKb = 115;
/** What a page with an engine loads for a binding as a bundler ships it: minified and gzipped, without the framework. */
const bindingBudgetsKb = { react: 6, vue: 5, svelte: 5, solid: 5 };
/** The packages that a binding may load: an app with one framework has no other. */
const packagesOfBindings = {
  react: ['react'],
  vue: ['vue'],
  svelte: ['svelte', 'svelte/reactivity', 'svelte/store'],
  solid: ['solid-js'],
};
/** The components, minified as they ship and gzipped, with Zag and without React, hooks and engine. */
const componentsBudgetKb = 32;
/** In units of 1000 bytes. */
const tarballBudgetKb = 1_150;

const complaints: string[] = [];
const check = (holds: boolean, complaint: string): void => {
  if (!holds) complaints.push(complaint);
};
const say = (label: string, value: string): void => void process.stdout.write(`${label.padEnd(34)} ${value}\n`);

if (!existsSync(join(root, 'dist', 'index.js'))) {
  process.stderr.write('dist/ is missing: run "npm run build" first.\n');
  process.exit(1);
}

interface Packed {
  readonly size: number;
  readonly files: readonly { readonly path: string }[];
}

function checkTarball(): void {
  const [packed] = JSON.parse(
    execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], { cwd: root, encoding: 'utf8' }),
  ) as Packed[];
  if (packed === undefined) throw new Error('npm pack --json listed no package');
  const kb = packed.size / 1000;
  say('tarball', `${kb.toFixed(0)} kB, ${packed.files.length} files`);
  check(kb <= tarballBudgetKb, `The tarball has ${kb.toFixed(0)} kB, the budget is ${tarballBudgetKb} kB.`);
  const stray = packed.files
    .map(({ path }) => path)
    .filter(
      (path) =>
        !/^(dist\/|docs\/|examples\/adapters\/|examples\/model-based\.ts$|bench\/RESULTS\.md$|extension\/README\.md$|src\/server\/README\.md$|README\.md$|LICENSE$|CHANGELOG\.md$|package\.json$)/.test(
          path,
        ),
    );
  check(stray.length === 0, `The tarball holds files that users do not need: ${stray.join(', ')}`);
}

/** The files an entry loads, itself included: its own chunks, followed through relative imports. */
function loadedBy(entry: string, seen = new Set<string>()): Set<string> {
  if (seen.has(entry)) return seen;
  seen.add(entry);
  const code = readFileSync(join(root, 'dist', entry), 'utf8');
  for (const [, chunk] of code.matchAll(/(?:from|import)\s*["']\.\/([^"']+\.js)["']/g))
    if (chunk !== undefined) loadedBy(chunk, seen);
  return seen;
}

function checkSizes(): void {
  const files = new Set(['index.js', 'persistence.js', 'transport.js'].flatMap((entry) => [...loadedBy(entry)]));
  const target = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, removeComments: true };
  const code = [...files].map(
    (file) =>
      ts.transpileModule(readFileSync(join(root, 'dist', file), 'utf8'), { compilerOptions: target, fileName: file })
        .outputText,
  );
  const kb = gzipSync(code.join('\n')).length / 1024;
  say('app code', `${kb.toFixed(1)} kB of ${appBudgetKb} kB`);
  check(kb <= appBudgetKb, `An app loads ${kb.toFixed(1)} kB of synchart, the budget is ${appBudgetKb} kB.`);
}

/** A binding beside an engine: its size, and that it loads neither the panel nor a package of another framework. */
function checkBinding(name: keyof typeof bindingBudgetsKb): void {
  const engine = loadedBy('index.js');
  const own = [...loadedBy(`${name}.js`)].filter((file) => !engine.has(file));
  const code = own.map((file) => readFileSync(join(root, 'dist', file), 'utf8'));
  const minified = code.map((text) => transformSync(text, { minify: true, format: 'esm', target: 'es2022' }).code);
  const kb = gzipSync(minified.join('\n')).length / 1024;
  const budgetKb = bindingBudgetsKb[name];
  say(`dist/${name}.js`, `${kb.toFixed(1)} kB of ${budgetKb} kB`);
  check(kb <= budgetKb, `dist/${name}.js has ${kb.toFixed(1)} kB, the budget is ${budgetKb} kB.`);
  const panel = own.filter((file) => loadedBy('devtools.js').has(file));
  check(panel.length === 0, `dist/${name}.js loads a part of the panel: ${panel.join(', ')}`);
  const packages = code.flatMap((text) => [...text.matchAll(/(?:from|import)\s*["']([^."'][^"']*)["']/g)]);
  const strange = packages.map(([, from = '']) => from).filter((from) => !packagesOfBindings[name].includes(from));
  check(strange.length === 0, `dist/${name}.js loads ${strange.join(', ')}`);
}

/** A bundler for servers must see where the client begins. */
function checkUseClient(): void {
  const [first = ''] = readFileSync(join(root, 'dist', 'react.js'), 'utf8').split('\n');
  check(/^["']use client["'];?$/.test(first), `dist/react.js begins with ${first}, not with 'use client'.`);
}

/** The components: their size, where the client begins, that their styles ship, and that they bring what they need. */
function checkComponents(): void {
  const others = new Set([...loadedBy('index.js'), ...loadedBy('react.js'), ...loadedBy('queries.js')]);
  const own = [...loadedBy('react-ui.js')].filter((file) => !others.has(file));
  const kb = gzippedKb(own);
  say('dist/react-ui.js', `${kb.toFixed(1)} kB of ${componentsBudgetKb} kB`);
  check(kb <= componentsBudgetKb, `The components have ${kb.toFixed(1)} kB, the budget is ${componentsBudgetKb} kB.`);
  const code = readFileSync(join(root, 'dist/react-ui.js'), 'utf8');
  check(/^["']use client["']/.test(code), "dist/react-ui.js does not begin with 'use client'.");
  const foreign = own.flatMap((file) =>
    [...readFileSync(join(root, 'dist', file), 'utf8').matchAll(/from\s*["']([^."'][^"']*)["']/g)].map(
      ([, name]) => name,
    ),
  );
  const needless = foreign.filter((name) => !/^(react|react-dom|rxjs)(\/|$)/.test(name ?? ''));
  check(needless.length === 0, `The components ask for packages that an app need not have: ${needless.join(', ')}`);
  check(!loadedBy('react.js').has('react-ui.js'), 'The hooks load the components.');
  const styles = readFileSync(join(root, 'dist/react-ui.css'), 'utf8');
  check(styles.includes('.synchart-dialog'), 'dist/react-ui.css lacks the styles of the dialog.');
}

const gzippedKb = (files: Iterable<string>): number =>
  gzipSync([...files].map((file) => readFileSync(join(root, 'dist', file), 'utf8')).join('\n')).length / 1024;

/** The panel, and that a Node process gets none of it. */
function checkDevtools(): void {
  const engine = loadedBy('index.js');
  const panel = gzippedKb([...loadedBy('devtools.js')].filter((file) => !engine.has(file)));
  say('dist/devtools.js, gzipped', `${panel.toFixed(1)} kB of ${devtoolsBudgetKb} kB`);
  check(
    panel <= devtoolsBudgetKb,
    `A page loads ${panel.toFixed(1)} kB of devtools, the budget is ${devtoolsBudgetKb} kB.`,
  );
  const [chart = '', ...further] = readdirSync(join(root, 'dist')).filter((file) => /^drawn-chart-.*\.js$/.test(file));
  check(chart !== '' && further.length === 0, 'dist/ does not hold the drawing of the chart once.');
  const drawn = gzippedKb(chart === '' ? [] : [chart]);
  say('drawing of the chart, gzipped', `${drawn.toFixed(1)} kB of ${drawnChartBudgetKb} kB`);
  check(drawn <= drawnChartBudgetKb, `The chart has ${drawn.toFixed(1)} kB, the budget is ${drawnChartBudgetKb} kB.`);
  check(!loadedBy('devtools.js').has(chart), 'dist/devtools.js loads the drawing of the chart at once.');
  const pageFiles = readdirSync(join(root, 'dist/devtools-panel')).filter((file) => file !== 'drawn-chart.js');
  const page = gzippedKb(pageFiles.map((file) => `devtools-panel/${file}`));
  say('inspector page, gzipped', `${page.toFixed(1)} kB of ${inspectorPageBudgetKb} kB`);
  check(
    page <= inspectorPageBudgetKb,
    `The inspector's page has ${page.toFixed(1)} kB, the budget is ${inspectorPageBudgetKb} kB.`,
  );
  for (const entry of ['devtools-node.js', 'devtools-page.js']) {
    const withReact = [...loadedBy(entry)].filter((file) =>
      /from\s*["']react/.test(readFileSync(join(root, 'dist', file), 'utf8')),
    );
    check(
      withReact.length === 0,
      `dist/${entry} loads React, which who needs no panel of their own need not have: ${withReact.join(', ')}`,
    );
  }
}

/** What Node gets from the built files must be what the snapshots promise. */
async function checkNames(): Promise<void> {
  for (const entry of entries) {
    const loaded = (await import(pathToFileURL(join(root, 'dist', `${entry}.js`)).href)) as Readonly<
      Record<string, unknown>
    >;
    const promised = readFileSync(join(root, 'test/package/exports', `${entry}.txt`), 'utf8')
      .split('\n')
      .filter((name) => name !== '' && !name.startsWith('type '));
    const missing = promised.filter((name) => !(name in loaded));
    const extra = Object.keys(loaded).filter((name) => !promised.includes(name));
    say(`dist/${entry}.js`, `${promised.length} values`);
    check(
      missing.length + extra.length === 0,
      `dist/${entry}.js: missing [${missing.join(', ')}], not promised [${extra.join(', ')}]`,
    );
  }
}

checkTarball();
checkSizes();
for (const name of ['react', 'vue', 'svelte', 'solid'] as const) checkBinding(name);
checkUseClient();
checkComponents();
checkDevtools();
await checkNames();
check(
  readdirSync(join(root, 'dist')).some((file) => file.endsWith('.d.ts')),
  'dist/ holds no types.',
);

for (const complaint of complaints) process.stderr.write(`\n${complaint}\n`);
process.exitCode = complaints.length === 0 ? 0 : 1;
