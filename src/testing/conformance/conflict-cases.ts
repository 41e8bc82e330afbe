import {
  conformanceClient,
  fails,
  isDeleted,
  isOf,
  rowOf,
  same,
  versionOf,
  type ConformanceClient,
} from './conformance-client.ts';
import type { ConformanceCase } from './conformance-subject.ts';

/** A row changed by another client: its old version and the current row. */
async function changedMeanwhile(ask: ConformanceClient): Promise<{ readonly old: string; readonly now: string }> {
  const old = versionOf(await ask.write(ask.upsert('a', 'A')));
  return { old, now: versionOf(await ask.write(ask.upsert('a', 'B', old))) };
}

/** Changes based on an outdated version. */
export const conflictCases: readonly ConformanceCase[] = [
  {
    title:
      'SVD-03: an edit on an old version is a conflict that carries the row of this entity, or leaves it to be fetched',
    about: 'conflicts',
    needs: ['conflicts'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const { old, now } = await changedMeanwhile(ask);
      const answer = await ask.push(ask.upsert('a', 'C', old));
      if (answer.type !== 'pushConflict') return fails(`expected a conflict, got ${answer.type}`);
      if (answer.serverData === undefined) return;
      same(String(answer.serverData['id']), 'a', "the id of the conflict's row");
      same(answer.serverData['title'], 'B', "the title of the conflict's row");
      same(versionOf(answer.serverData), now, "the version of the conflict's row");
    },
  },
  {
    title: 'a conflict changes nothing on the server (PROTOCOL §9)',
    about: 'conflicts',
    needs: ['conflicts'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const { old, now } = await changedMeanwhile(ask);
      await ask.push(ask.upsert('a', 'C', old));
      await ask.push(ask.remove('a', old));
      const rows = await ask.pullAll();
      same(rows.length, 1, 'the number of rows');
      same(versionOf(rows[0] ?? {}), now, 'the stored version');
    },
  },
  {
    title: "F-31: the version of a conflict's row is the base with which a decision goes through",
    about: 'conflicts',
    needs: ['conflicts'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const { old } = await changedMeanwhile(ask);
      const answer = await ask.push(ask.upsert('a', 'C', old));
      const row =
        answer.type === 'pushConflict'
          ? (answer.serverData ?? (await fetched(ask, subject.transport)))
          : fails(`got ${answer.type}`);
      same(
        (await ask.write(ask.upsert('a', 'merged', versionOf(row))))['title'],
        'merged',
        'the title of the decision',
      );
    },
  },
  {
    title: 'a conflict is not remembered: the same change on the present version goes through (PROTOCOL §9)',
    about: 'conflicts',
    needs: ['conflicts'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const { old, now } = await changedMeanwhile(ask);
      const op = ask.upsert('a', 'C', old);
      isOf(await ask.push(op), ['pushConflict'], 'the change on the old version');
      isOf(
        await ask.push({ ...op, requestId: `${op.opId}#2`, baseUpdatedAt: now }),
        ['pushSuccess'],
        'the change on the present version',
      );
    },
  },
  {
    title: 'a delete on an old version is a conflict, and the row stays (PROTOCOL §4)',
    about: 'conflicts',
    needs: ['conflicts'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const { old } = await changedMeanwhile(ask);
      isOf(await ask.push(ask.remove('a', old)), ['pushConflict'], 'the delete');
      same(await ask.titleOf('a'), 'B', 'the title after it');
    },
  },
  {
    title: 'an edit of a row that the server deleted says so (F-22)',
    about: 'conflicts',
    needs: ['conflicts'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const base = versionOf(await ask.write(ask.upsert('a', 'A')));
      await ask.push(ask.remove('a', base));
      const late = await ask.push(ask.upsert('a', 'late', base));
      if (late.type === 'pushConflict') {
        if (late.serverDeleted !== true) fails('the conflict must say that the server deleted the row');
      } else isOf(late, ['pushNotFound'], 'the late edit');
    },
  },
  {
    title: 'an edit of a row that never existed says so, and creates nothing (F-22)',
    about: 'conflicts',
    needs: ['conflicts'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      isOf(
        await ask.push(ask.upsert('none', 'X', '2020-01-01T00:00:00.000Z')),
        ['pushNotFound', 'pushConflict'],
        'the edit',
      );
      same(await ask.titleOf('none'), undefined, 'the title after it');
    },
  },
  {
    title: 'F-31: a forced change goes through on any base, alone and in a push',
    about: 'conflicts',
    needs: ['forcedWrites'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const { old } = await changedMeanwhile(ask);
      same(
        rowOf(await subject.transport.forcePush({ ...ask.upsert('a', 'C', old), force: true }, {}))['title'],
        'C',
        'the forced title',
      );
      same(
        (await ask.write({ ...ask.upsert('a', 'D', old), force: true }))['title'],
        'D',
        'the title forced within a push',
      );
    },
  },
  {
    title: 'F-31: a forced delete goes through on any base',
    about: 'conflicts',
    needs: ['forcedWrites'],
    run: async (subject) => {
      const ask = conformanceClient(subject);
      const { old } = await changedMeanwhile(ask);
      isOf(
        await subject.transport.forcePush({ ...ask.remove('a', old), force: true }, {}),
        ['pushSuccess'],
        'the forced delete',
      );
      const found = await subject.transport.fetch({ kind: ask.kind, id: 'a' });
      if (found.type === 'fetchSuccess' && !isDeleted(found.data)) fails('the row must be deleted');
    },
  },
];

async function fetched(ask: ConformanceClient, transport: Parameters<ConformanceCase['run']>[0]['transport']) {
  const found = await transport.fetch({ kind: ask.kind, id: 'a' });
  return found.type === 'fetchSuccess'
    ? found.data
    : fails(`a conflict without its row must let the row be fetched, got ${found.type}`);
}
