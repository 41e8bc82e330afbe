import { defineConfig } from 'tsdown';

export default defineConfig([
  {
    entry: {
      index: 'src/index.ts',
      persistence: 'src/persistence.ts',
      transport: 'src/transport.ts',
      devtools: 'src/devtools.ts',
      'devtools-node': 'src/devtools-node.ts',
      'devtools-page': 'src/devtools-page.ts',
      server: 'src/server.ts',
      testing: 'src/testing.ts',
      synchart: 'src/replay/synchart.ts',
      'synchart-server': 'src/server/synchart-server.ts',
    },
    format: 'esm',
    // Types and code have one name each, as package.json "exports" spells them.
    fixedExtension: false,
    platform: 'node',
    target: 'es2023',
    dts: true,
    sourcemap: true,
    clean: true,
    treeshake: true,
    // The panel's own packages are part of it: an app installs React at most.
    noExternal: ['valibot', '@xyflow/react', '@xyflow/system', 'elkjs'],
    inlineOnly: false,
  },
]);
