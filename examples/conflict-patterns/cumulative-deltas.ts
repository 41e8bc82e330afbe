/**
 * "Two sold" holds whatever the stock is: changes that add up, from any number of devices, in any order, also when
 * answers get lost.
 */
import { addToSet, increment, syncTable } from 'synchart';
import { syncColumns, type SyncedRow } from 'synchart/persistence';
import { EntitySchema } from 'typeorm';
import { fresh, openScene, runIfMain, type Log } from './setup.ts';

interface Product extends SyncedRow {
  id: string;
  stock: number;
  labels: string[];
}

const Product = new EntitySchema<Product>({
  name: 'products',
  columns: {
    id: { type: 'text', primary: true },
    stock: { type: 'integer' },
    labels: { type: 'simple-json' },
    ...syncColumns,
  },
});
const products = syncTable(Product);

export async function run(log: Log) {
  let loseAnswer = false;
  let writes = 0;
  const scene = await openScene({
    entities: [Product],
    prepare: (app) => {
      // The change is made and committed; its answer never arrives.
      app.addHook('onSend', async (request) => {
        if (request.method !== 'PUT') return;
        writes += 1;
        if (loseAnswer) request.raw.socket.destroy();
        loseAnswer = false;
      });
    },
  });
  try {
    const config = { backoffMinMs: 1, backoffMaxMs: 5, conflictRetryDelayMs: 1 };
    const ann = await scene.device({ tables: [products], config, transport: { deltas: true } });
    const ben = await scene.device({ tables: [products], config, transport: { deltas: true } });
    // An older app, or a backend that knows no deltas: the same change is then made again on the server's row, after a
    // conflict.
    const old = await scene.device({ tables: [products], config });
    const all = [ann, ben, old];

    await ann.engine.writer(products).insertAndEnqueue({ id: 'tea', stock: 100, labels: [], ...fresh });
    for (const device of all) await device.engine.sync();
    log('Three devices have 100 packets of tea, and go offline');

    await ann.engine.writer(products).increment('tea', 'stock', -2);
    await ann.engine.writer(products).increment('tea', 'stock', -1);
    await ben.engine.writer(products).applyDeltas('tea', [increment('stock', -30), addToSet('labels', ['popular'])]);
    await old.engine.writer(products).applyDeltas('tea', [increment('stock', 12), addToSet('labels', ['organic'])]);
    log('Ann sells 2, then 1. Ben sells 30 and labels it popular. The store room adds 12 and labels it organic');
    for (const device of all) log(`     on this screen: ${(await device.find(products, 'tea')).stock}`);

    loseAnswer = true;
    await ann.engine.sync();
    const [waiting] = await ann.engine.explain();
    log(
      `Ann syncs, and the answer is lost: ${waiting?.reason ?? ''}; the server has ${(await scene.onServer(Product, 'tea')).stock}`,
    );
    log(
      `     nobody knows here that it has them: until that is clear, her screen counts them twice, ${(await ann.find(products, 'tea')).stock}`,
    );
    await ann.engine.sync();
    const sent = writes - 1;
    log(
      `The same request goes again, the server knows its key: ${sent} requests, ${(await scene.onServer(Product, 'tea')).stock} in stock`,
    );
    await ben.engine.sync();
    const { conflicts } = await old.engine.sync();
    for (const device of all) await device.engine.sync();

    const rows = [await scene.onServer(Product, 'tea')];
    for (const device of all) rows.push(await device.find(products, 'tea'));
    const results = rows.map(({ stock, labels }) => ({ stock, labels: [...labels].sort() }));
    log(`100 - 2 - 1 - 30 + 12 = 79. Everybody has: ${JSON.stringify(results[0])}`);
    return { results, sent, conflicts };
  } finally {
    await scene.close();
  }
}

await runIfMain(import.meta.url, run);
