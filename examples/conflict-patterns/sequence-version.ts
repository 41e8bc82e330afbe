/**
 * Each write says which version of the row it replaces; one that the row no longer has is refused, also between a
 * conflict and its merge.
 */
import { syncTable } from 'synchart';
import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { EntitySchema } from 'typeorm';
import { fresh, openScene, runIfMain, type Log } from './setup.ts';

interface Page extends SyncedRow {
  id: string;
  title: string;
  body: string | null;
  footer: string | null;
}

const Page = new EntitySchema<Page>({
  name: 'pages',
  columns: {
    id: { type: 'text', primary: true },
    title: { type: 'text' },
    body: { type: 'text', nullable: true },
    footer: { type: 'text', nullable: true },
    ...syncColumns,
  },
});
const pages = syncTable(Page);

export async function run(log: Log) {
  const wire: { readonly ifMatch: string | undefined; readonly createOnly: boolean; readonly status: number }[] = [];
  let beforeMerge: (() => Promise<void>) | undefined;
  const scene = await openScene({
    entities: [Page],
    prepare: (app) => {
      app.addHook('onRequest', async (request) => {
        const interfere = request.headers['if-match'] === undefined ? undefined : beforeMerge;
        if (interfere === undefined) return;
        beforeMerge = undefined;
        await interfere();
      });
      app.addHook('onResponse', async ({ method, headers }, { statusCode }) => {
        if (method !== 'PUT') return;
        const createOnly = headers['x-create-only'] === 'true';
        wire.push({ ifMatch: headers['if-match'], createOnly, status: statusCode });
        log(
          `     PUT ${createOnly ? 'create only' : headers['if-match'] === undefined ? 'with its base in the body' : `If-Match ${headers['if-match']}`} → ${statusCode}`,
        );
      });
    },
  });
  try {
    const settings = { tables: [pages], transport: { conditionalWrite: true }, config: { conflictRetryDelayMs: 1 } };
    const ann = await scene.device(settings);
    const ben = await scene.device(settings);
    const cleo = await scene.device(settings);

    log('Ann and Ben both create the page "rules", offline; Ann is first');
    await ann.engine
      .writer(pages)
      .insertAndEnqueue({ id: 'rules', title: 'Rules', body: 'Be kind.', footer: null, ...fresh });
    await ben.engine
      .writer(pages)
      .insertAndEnqueue({ id: 'rules', title: 'Rules', body: null, footer: 'Ben made this', ...fresh });
    await ann.engine.sync();
    log('Ben is told that it exists, instead of overwriting it:');
    await ben.engine.sync();
    await ann.engine.sync();
    await cleo.engine.sync();
    const both = await cleo.find(pages, 'rules');
    log(`Everybody has: ${both.title} / ${both.body ?? ''} / ${both.footer ?? ''}`);

    log(
      'Each of the three changes another field. Ann is first; Cleo slips in after Ben was refused, before his merge arrives:',
    );
    await ann.edit(pages, 'rules', { title: 'House rules' });
    await ben.edit(pages, 'rules', { body: 'Be kind and brief.' });
    await cleo.edit(pages, 'rules', { footer: 'Seen by Cleo' });
    await ann.engine.sync();
    beforeMerge = async () => {
      log('     (Cleo)');
      await cleo.engine.sync();
    };
    await ben.engine.sync();

    const { title, body, footer } = await scene.onServer(Page, 'rules');
    log(`Server: ${title} / ${body ?? ''} / ${footer ?? ''}`);
    return { wire, both, page: { title, body, footer } };
  } finally {
    await scene.close();
  }
}

await runIfMain(import.meta.url, run);
