/**
 * The import table of the architecture: model ← rules ← machines; model+rules ← persistence, transport; all ← engine;
 * server ← testing beside them; engine+testing ← simulation; devtools+simulation ← replay.
 */

/** For each folder of src, the folders it may import besides itself. */
const table = {
  model: [],
  rules: ['model'],
  machines: ['model', 'rules'],
  persistence: ['model', 'rules'],
  transport: ['model', 'rules'],
  engine: ['model', 'rules', 'machines', 'persistence', 'transport'],
  server: ['model'],
  rpc: ['model', 'persistence/sql'],
  browser: ['model', 'persistence', 'rpc'],
  devtools: ['model', 'rules', 'machines', 'persistence', 'transport', 'engine'],
  queries: ['model', 'rules', 'persistence', 'engine'],
  react: ['model', 'rules', 'persistence', 'engine', 'queries'],
  'react-ui': ['model', 'rules', 'persistence', 'engine', 'queries', 'react'],
  vue: ['model', 'rules', 'persistence', 'engine', 'queries'],
  svelte: ['model', 'rules', 'persistence', 'engine', 'queries'],
  solid: ['model', 'rules', 'persistence', 'engine', 'queries'],
  testing: ['model', 'rules', 'server'],
  simulation: ['model', 'rules', 'machines', 'persistence', 'transport', 'engine', 'server', 'testing'],
  replay: ['model', 'rules', 'machines', 'persistence', 'transport', 'engine', 'devtools', 'testing', 'simulation'],
};

/**
 * For each divided folder, its folders from the lowest to the highest, and which of the others they may import. What
 * lies beside them puts them together.
 */
const rooms = {
  'src/model': {
    values: [],
    platform: [],
    errors: ['values'],
    options: ['values'],
  },
  'src/rules': {
    values: [],
    pending: ['values'],
    merging: ['values'],
    answers: ['values', 'pending'],
    pages: ['values'],
    diagnosis: ['values', 'answers'],
  },
  'src/persistence': {
    typeorm: [],
    sql: [],
    drivers: ['typeorm', 'sql'],
    gate: ['typeorm', 'sql', 'drivers'],
    columns: ['sql', 'drivers'],
    tables: ['sql', 'drivers', 'columns'],
    database: ['typeorm', 'sql', 'drivers', 'gate', 'tables'],
    outbox: ['sql', 'gate', 'columns', 'tables', 'database'],
    replica: ['sql', 'columns', 'tables', 'database'],
    upgrades: ['sql', 'columns', 'tables', 'database', 'outbox', 'replica'],
    taking: ['sql', 'columns', 'tables', 'database', 'outbox', 'replica', 'upgrades'],
    settling: ['sql', 'columns', 'tables', 'database', 'outbox', 'replica', 'upgrades', 'taking'],
    pulling: ['sql', 'columns', 'tables', 'database', 'outbox', 'replica', 'upgrades', 'settling'],
    runs: ['sql', 'database', 'outbox'],
    follow: ['sql', 'drivers', 'gate', 'tables', 'database', 'outbox'],
    writing: ['sql', 'drivers', 'gate', 'columns', 'tables', 'database', 'outbox', 'follow'],
    queue: [
      'sql',
      'gate',
      'tables',
      'database',
      'outbox',
      'replica',
      'upgrades',
      'taking',
      'settling',
      'runs',
      'follow',
    ],
    capture: ['typeorm', 'sql', 'drivers', 'gate', 'columns', 'tables', 'database', 'outbox'],
  },
  'src/persistence/capture': {
    entities: [],
    statements: ['entities'],
  },
  'src/browser': {
    storage: [],
    election: ['storage'],
    worker: ['storage', 'election'],
    page: ['storage', 'election', 'worker'],
  },
  'src/transport': {
    http: [],
    answers: ['http'],
    requests: ['http', 'answers'],
    pushing: ['http', 'answers', 'requests'],
  },
  'src/engine': {
    ports: [],
    scope: ['ports'],
    conflicts: ['ports'],
    actors: ['ports', 'scope', 'conflicts'],
    machine: ['ports', 'conflicts', 'actors'],
    waits: ['machine'],
    triggers: [],
    api: ['scope', 'machine', 'waits'],
    status: ['waits', 'api'],
    core: ['ports', 'scope', 'machine', 'waits', 'triggers', 'api', 'status'],
    access: ['waits', 'api', 'core'],
  },
  'src/devtools': {
    protocol: [],
    log: ['protocol'],
    views: ['protocol'],
    client: ['protocol', 'log'],
    agent: ['protocol', 'log'],
    stately: ['protocol', 'agent'],
    panel: ['protocol', 'client', 'views'],
    mount: ['protocol', 'views', 'client', 'agent', 'panel'],
    bridge: ['protocol', 'agent', 'mount'],
    inspector: ['protocol', 'log', 'client', 'agent', 'panel'],
  },
  'src/devtools/agent': {
    recording: [],
    answering: [],
  },
  'src/devtools/views': {
    words: [],
    entries: ['words'],
    chart: ['words', 'entries'],
  },
  'src/devtools/panel': {
    styles: [],
    parts: [],
    context: ['parts'],
    chart: ['parts', 'context'],
    conflicts: ['parts', 'context'],
    network: ['parts', 'context'],
    outbox: ['parts', 'context'],
    replica: ['parts', 'context'],
    timeline: ['parts', 'context'],
  },
  'src/react-ui': {
    styles: [],
    words: [],
    headless: ['words'],
    parts: ['words', 'headless'],
    components: ['words', 'headless', 'parts'],
  },
  'src/replay': {
    plan: [],
    play: ['plan'],
  },
};

/** Packages with side effects on the world, and the folders that may know them. */
const packages = {
  typeorm: [
    'persistence',
    'browser',
    'engine',
    'queries',
    'react',
    'vue',
    'svelte',
    'solid',
    'server',
    'simulation',
    'replay',
  ],
  '@sqlite.org/sqlite-wasm': ['browser'],
  axios: ['transport', 'simulation'],
  fastify: ['server'],
  xstate: ['machines', 'engine', 'simulation', 'devtools'],
  react: ['devtools', 'react', 'react-ui'],
  '@zag-js': ['react-ui'],
  vue: ['vue'],
  svelte: ['svelte'],
  'solid-js': ['solid'],
};

const folders = Object.keys(table);
const oneOf = (names) => (names.length === 1 ? names[0] : `(${names.join('|')})`);

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      severity: 'error',
      comment: 'Two files that need each other are one file, or miss a third.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'resolvable',
      severity: 'error',
      from: { path: '^(src|test|examples|bench)/' },
      to: { couldNotResolve: true },
    },
    ...folders.map((folder) => ({
      name: `${folder}-imports`,
      severity: 'error',
      comment: `src/${folder} may import ${table[folder].length === 0 ? 'nothing but itself' : `itself and ${table[folder].join(', ')}`}.`,
      from: { path: `^src/${folder}/` },
      to: { path: '^src/', pathNot: `^src/${oneOf([folder, ...table[folder]])}/` },
    })),
    ...Object.entries(rooms).flatMap(([house, table]) => [
      ...Object.entries(table).map(([room, others]) => ({
        name: `${house.slice('src/'.length)}/${room}-imports`,
        severity: 'error',
        comment: `Within ${house}, ${room} may import ${others.length === 0 ? 'nothing but itself' : `itself and ${others.join(', ')}`}.`,
        from: { path: `^${house}/${room}/` },
        to: { path: `^${house}/`, pathNot: `^${house}/${oneOf([room, ...others])}/` },
      })),
      {
        name: `${house.slice('src/'.length)}-lists-its-folders`,
        severity: 'error',
        comment: `Add the folder to the table of ${house}.`,
        from: { path: `^${house}/[^/]+/`, pathNot: `^${house}/${oneOf(Object.keys(table))}/` },
        to: {},
      },
    ]),
    ...Object.entries(packages).map(([name, allowed]) => ({
      name: `${name}-stays-at-its-edge`,
      severity: 'error',
      comment: `${name} is known to ${allowed.join(', ')} only.`,
      from: { path: '^src/[^/]+/', pathNot: `^src/${oneOf(allowed)}/` },
      to: { path: `(^|node_modules/)${name}(/|$)` },
    })),
    {
      name: 'chart-words-stand-alone',
      severity: 'error',
      comment: 'Context, events and inputs are the words of the chart: its parts know them, they know no part.',
      from: { path: '^src/machines/(machine-context|machine-events|actor-inputs|placeholders)\\.ts$' },
      to: {
        path: '^src/machines/',
        pathNot: '^src/machines/(machine-context|machine-events|actor-inputs|placeholders)\\.ts$',
      },
    },
    {
      name: 'machines/setup-imports',
      severity: 'error',
      comment: 'Within src/machines, setup may import itself and the words of the chart.',
      from: { path: '^src/machines/setup/' },
      to: {
        path: '^src/machines/',
        pathNot: '^src/machines/(setup/|(machine-context|machine-events|actor-inputs|placeholders)\\.ts$)',
      },
    },
    {
      name: 'machines/states-imports',
      severity: 'error',
      comment: 'A state may import setup and the words of the chart; only sync-machine.ts knows the phases of a run.',
      from: { path: '^src/machines/states/[^/]+$' },
      to: {
        path: '^src/machines/',
        pathNot: '^src/machines/(setup/|states/[^/]+$|(machine-context|machine-events|actor-inputs)\\.ts$)',
      },
    },
    {
      name: 'machines/states/running-imports',
      severity: 'error',
      comment:
        'A phase of a run may import setup, the states beside it and the words of the chart, but no other machine.',
      from: { path: '^src/machines/states/running/' },
      to: {
        path: '^src/machines/',
        pathNot: '^src/machines/(setup/|states/|(machine-context|machine-events|actor-inputs|placeholders)\\.ts$)',
      },
    },
    {
      name: 'rpc-reads-sql-alone',
      severity: 'error',
      comment: 'A worker that serves a database loads no TypeORM: of persistence/sql it takes what only reads text.',
      from: { path: '^src/rpc/' },
      to: { path: '(^|node_modules/)typeorm(/|$)', reachable: true },
    },
    {
      name: 'browser-worker-loads-no-typeorm',
      severity: 'error',
      comment: 'The script of the worker holds SQLite and the host, so that every tab starts quickly.',
      from: { path: '^src/browser/(worker|election)/' },
      to: { path: '(^|node_modules/)typeorm(/|$)', reachable: true },
    },
    {
      name: 'pure-layers-do-no-io',
      severity: 'error',
      comment: 'The model, the rules and the charts compute; edges do the work.',
      from: { path: '^src/(model|rules|machines)/' },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'entries-are-for-users',
      severity: 'error',
      comment: 'Inside src, import the file that has the thing.',
      from: { path: '^src/[^/]+/' },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    { name: 'no-index-files', severity: 'error', from: {}, to: { path: '^src/.+/index\\.ts$' } },
    { name: 'src-knows-no-tests', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|examples|bench)/' } },
    {
      name: 'src-uses-declared-packages',
      severity: 'error',
      // The packages of the panel and of the dialogs are built into them.
      from: { path: '^src/', pathNot: '^src/(devtools|react-ui)/' },
      to: {
        dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'],
        dependencyTypesNot: ['npm', 'npm-peer', 'type-only'],
      },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage|scratch)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'default', 'node'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
