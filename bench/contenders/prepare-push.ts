import { contend } from '../contender.ts';
import { BenchCity, benchCities, closeReplica, openReplica } from '../replica.ts';

/** Pulls the rows and queues an update for each: the file that the pushes of synchart start from. */
await contend({
  prepare: openReplica,
  work: async ({ dataSource, engine }) => {
    await engine.sync();
    const writer = engine.writer(benchCities);
    const rows = await dataSource.getRepository(BenchCity).find();
    for (const row of rows) await writer.replaceAndEnqueueDiff(row, { ...row, population: row.population + 1 });
    return rows.length;
  },
  end: closeReplica,
});
