import {
  acceptMerged,
  acceptServer,
  conflictStrategies,
  createSyncEngine,
  syncTable,
  type ConflictStrategy,
  type SyncEngine,
  type TableConflictConfig,
} from 'synchart';
import { openDatabase } from 'synchart/persistence';
import { RestTransport } from 'synchart/transport';
import type { DataSource } from 'typeorm';
import type { DemoOptions } from './arguments.ts';
import { Card } from './tables.ts';
import type { Terminal } from './terminal.ts';

/** What an app sets, what it leads to, and how to say so in a few words. */
interface Case {
  readonly conflict: Omit<TableConflictConfig, 'strategy'>;
  readonly outcome: Pick<Card, 'title' | 'price' | 'tags'>;
  readonly why: string;
  /** What becomes of the card that A has deleted and B edited. */
  readonly afterDelete: 'back' | 'deleted';
}

const byA = { title: 'Green', price: 4 };
const byB = { title: 'Black', tags: ['new'] };
/** B acts this much after A, which only lastWriteWins looks at. */
const laterMs = 60_000;

const cases: Readonly<Record<ConflictStrategy, Case>> = {
  autoPreserve: {
    conflict: {},
    outcome: { title: 'Black', price: 4, tags: ['new'] },
    why: "field by field; where both wrote, B's",
    afterDelete: 'back',
  },
  serverWins: {
    conflict: {},
    outcome: { title: 'Green', price: 4, tags: [] },
    why: "A's was there first",
    afterDelete: 'deleted',
  },
  clientWins: {
    conflict: {},
    outcome: { title: 'Black', price: 3, tags: ['new'] },
    why: "B's row as it is",
    afterDelete: 'back',
  },
  lastWriteWins: {
    conflict: {},
    outcome: { title: 'Black', price: 3, tags: ['new'] },
    why: "B's row is later",
    afterDelete: 'back',
  },
  merge: {
    conflict: {
      mergeFunction: (local, server) => ({
        ...server,
        title: `${String(server['title'])} or ${String(local['title'])}`,
        tags: local['tags'] ?? [],
      }),
    },
    outcome: { title: 'Green or Black', price: 4, tags: ['new'] },
    why: 'our function: both titles',
    afterDelete: 'back',
  },
  manual: {
    conflict: {
      // Stands for a person in front of a dialog.
      resolver: ({ serverDeleted, localData }) =>
        serverDeleted ? acceptServer() : acceptMerged({ tags: localData['tags'] ?? [] }),
    },
    outcome: { title: 'Green', price: 4, tags: ['new'] },
    why: "decided: A's title, B's tags",
    afterDelete: 'deleted',
  },
};

const editedId = (strategy: ConflictStrategy): string => `${strategy}-edited`;
const deletedId = (strategy: ConflictStrategy): string => `${strategy}-deleted`;
/** The cards that the server has to have. */
export const cardIds: readonly string[] = conflictStrategies.flatMap((strategy) => [
  editedId(strategy),
  deletedId(strategy),
]);

interface Surroundings extends Pick<DemoOptions, 'driver'> {
  readonly url: string;
  readonly serverData: DataSource;
}

/**
 * Lets two devices meet in the same conflict once per strategy, and tells what everybody sees then. True when all is as
 * it should be.
 */
export async function sixStrategies(terminal: Terminal, surroundings: Surroundings): Promise<boolean> {
  terminal.note(
    'A card: Tea 3.00. Offline, A changes the title and the price, B the title and the tags. A syncs, then B.',
  );
  terminal.note(`  ${columns('strategy', 'A wrote', 'B wrote', 'everybody sees').trimEnd()}`);
  const complaints: string[] = [];
  const after: Record<Case['afterDelete'], ConflictStrategy[]> = { back: [], deleted: [] };
  for (const strategy of conflictStrategies) {
    const met = await meet(strategy, surroundings);
    const line = `${columns(strategy, describe(byA), describe(byB), describe(met.edited))}${terminal.style('dim', met.why)}`;
    if (met.complaints.length === 0) terminal.good(line);
    else terminal.bad(line);
    complaints.push(...met.complaints.map((complaint) => `${strategy}: ${complaint}`));
    after[met.deleted.deletedAt === null ? 'back' : 'deleted'].push(strategy);
  }
  terminal.note('Another card: A deletes it, B changes it.');
  terminal.line(`       ${'what B wrote is back'.padEnd(24)}${after.back.join(', ')}`);
  terminal.line(`       ${'the card stays deleted'.padEnd(24)}${after.deleted.join(', ')}`);
  for (const complaint of complaints) terminal.bad(complaint);
  return complaints.length === 0;
}

interface Meeting {
  readonly edited: Card;
  readonly deleted: Card;
  readonly why: string;
  readonly complaints: readonly string[];
}

async function meet(strategy: ConflictStrategy, surroundings: Surroundings): Promise<Meeting> {
  const { outcome, why, afterDelete } = cases[strategy];
  const [edited, deleted] = [editedId(strategy), deletedId(strategy)];
  const a = await openDevice(strategy, surroundings);
  const b = await openDevice(strategy, surroundings);
  try {
    for (const { engine } of [a, b]) await engine.sync();
    const actedAt = new Date();
    const later = new Date(actedAt.getTime() + laterMs);
    await a.edit(edited, byA, actedAt);
    await a.remove(deleted, actedAt);
    await b.edit(edited, byB, later);
    await b.edit(deleted, byB, later);
    // The last one is for A, which has not seen yet what became of B's changes.
    for (const { engine } of [a, b, a]) await engine.sync();

    const complaints: string[] = [];
    const agree = async (id: string): Promise<Card> => {
      const [there, onA, onB] = await Promise.all(
        [surroundings.serverData, a.dataSource, b.dataSource].map((dataSource) => findCard(dataSource, id)),
      );
      if (!there) throw new Error(`the server has no card ${id}`);
      for (const [name, here] of Object.entries({ A: onA, B: onB })) {
        if (text(here) !== text(there)) complaints.push(`${name} has ${text(here)}, the server ${text(there)}`);
      }
      return there;
    };
    const [editedCard, deletedCard] = [await agree(edited), await agree(deleted)];
    if (describe(editedCard) !== describe(outcome))
      complaints.push(`expected ${describe(outcome)}, got ${describe(editedCard)}`);
    const found = deletedCard.deletedAt === null ? 'back' : 'deleted';
    if (found !== afterDelete)
      complaints.push(`B edited what A deleted: expected the card ${afterDelete}, it is ${found}`);
    for (const [name, { engine }] of Object.entries({ A: a, B: b })) {
      for (const { entityId, detail } of await engine.explain())
        complaints.push(`${name} still has ${entityId} queued: ${detail}`);
    }
    return {
      edited: editedCard,
      deleted: deletedCard,
      why: strategy === 'lastWriteWins' ? `${why}: ${time(later)}, A's ${time(actedAt)}` : why,
      complaints,
    };
  } finally {
    for (const device of [a, b]) await device.close();
  }
}

interface Device {
  readonly dataSource: DataSource;
  readonly engine: SyncEngine;
  edit(id: string, change: Partial<Card>, localTimestamp: Date): Promise<void>;
  remove(id: string, localTimestamp: Date): Promise<void>;
  close(): Promise<void>;
}

async function openDevice(strategy: ConflictStrategy, { driver, url }: Surroundings): Promise<Device> {
  const cards = syncTable(Card, { conflict: { ...cases[strategy].conflict, strategy } });
  const dataSource = await openDatabase({ database: ':memory:', driver, entities: [Card], synchronize: true });
  const engine = createSyncEngine({
    dataSource,
    transport: new RestTransport({ baseUrl: url }),
    tables: [cards],
    config: { maxRetries: 1 },
  });
  await engine.start();
  const writer = engine.writer(cards);
  return {
    dataSource,
    engine,
    edit: async (id, change, localTimestamp) => {
      const before = await dataSource.getRepository(Card).findOneByOrFail({ id });
      await writer.replaceAndEnqueueDiff(before, { ...before, ...change }, { localTimestamp });
    },
    remove: (id, localTimestamp) => writer.enqueueDelete(id, { localTimestamp }),
    close: async () => {
      await engine.dispose();
      await dataSource.destroy();
    },
  };
}

const findCard = (dataSource: DataSource, id: string): Promise<Card | null> =>
  dataSource.getRepository(Card).findOneBy({ id });

const columns = (strategy: string, a: string, b: string, all: string): string =>
  `${strategy.padEnd(15)}${a.padEnd(13)}${b.padEnd(13)}${all.padEnd(27)}`;

const describe = ({ title, price, tags }: Partial<Card>): string =>
  [title, price?.toFixed(2), ...(tags ?? []).map((tag) => `#${tag}`)].filter((part) => part !== undefined).join(' ');

const time = (at: Date): string => at.toISOString().slice(11, 19);

/** A row as it is compared: without what belongs to one device only. */
const text = (card: Card | null | undefined): string =>
  card ? JSON.stringify({ ...card, deletedAtLocal: undefined }) : 'no such card';
