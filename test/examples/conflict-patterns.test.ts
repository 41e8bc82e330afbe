import { execFile } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { run as businessRules } from '../../examples/conflict-patterns/business-rules.ts';
import { run as changeStatus } from '../../examples/conflict-patterns/change-status.ts';
import { run as conflictRecording } from '../../examples/conflict-patterns/conflict-recording.ts';
import { run as cumulativeDeltas } from '../../examples/conflict-patterns/cumulative-deltas.ts';
import { run as fieldLevelLww } from '../../examples/conflict-patterns/field-level-lww.ts';
import { run as sequenceVersion } from '../../examples/conflict-patterns/sequence-version.ts';
import { run as timestampDetection } from '../../examples/conflict-patterns/timestamp-detection.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Runs an example; its story must be told. */
async function told<Outcome>(run: (log: (line: string) => void) => Promise<Outcome>): Promise<Outcome> {
  const lines: string[] = [];
  const outcome = await run((line) => lines.push(line));
  expect(lines.length).toBeGreaterThan(3);
  expect(lines.join('\n')).not.toMatch(/undefined|NaN|\[object/);
  return outcome;
}

describe('conflict patterns over real HTTP and SQLite', () => {
  test('timestamp detection: the server detects conflicts by its own timestamps; a clock three hours fast changes nothing', async () => {
    const { conflicts, rows } = await told(timestampDetection);
    expect(conflicts).toHaveLength(1);
    const [conflict] = conflicts;
    expect(conflict).toMatchObject({
      kind: 'items',
      changedFields: ['amount'],
      baseData: { title: 'Milk' },
      serverData: { title: 'Oat milk' },
    });
    expect(Date.parse(conflict?.localTimestamp ?? '') - Date.parse(conflict?.serverTimestamp ?? '')).toBeGreaterThan(
      2 * 3_600_000,
    );
    expect(rows.map(({ title, amount }) => [title, amount])).toEqual(Array(3).fill(['Oat milk', 3]));
  });

  test('sequence version: F-31, F-40: no create overwrites, and a write between conflict and merge loses nothing', async () => {
    const { wire, both, page } = await told(sequenceVersion);
    const creates = wire.filter(({ createOnly }) => createOnly);
    expect(creates.map(({ status }) => status)).toEqual([201, 409]);
    const merges = wire.filter(({ ifMatch }) => ifMatch !== undefined);
    expect(merges.map(({ status }) => status)).toEqual([200, 200, 409, 200]);
    for (const { ifMatch } of merges) expect(ifMatch).toMatch(/^"\d{4}-.*Z"$/);
    expect(both).toMatchObject({ body: 'Be kind.', footer: 'Ben made this' });
    expect(page).toEqual({ title: 'House rules', body: 'Be kind and brief.', footer: 'Seen by Cleo' });
  });

  test('field-level last write wins: keeps different fields and the later value, unites lists, and names what was lost', async () => {
    const { results, givenUp } = await told(fieldLevelLww);
    expect(results).toEqual(Array(3).fill({ name: 'Eva', phone: '3', tags: ['choir', 'friend', 'work'] }));
    expect(givenUp).toEqual([expect.objectContaining({ phone: '2' })]);
  });

  test('business rules: shows reasons at form fields, sends other operations, repairs or gives up the refused one', async () => {
    const { errors, pushed, repaired, guests, lost, left } = await told(businessRules);
    expect(errors).toEqual({ guests: 'the table has 8 seats', day: 'we are closed on Mondays' });
    expect(pushed).toBe(1);
    expect(repaired).toMatchObject({ guests: 8, day: 'tuesday' });
    expect(guests).toBe(8);
    expect(lost).toMatchObject({ reason: 'dropped', data: { guests: 9 }, changedFields: ['guests'] });
    expect(left).toEqual([]);
  });

  test('conflict recording: I7: the conflict survives a restart; its record reaches the server before and after the decision', async () => {
    const { open, before, after, cents, left } = await told(conflictRecording);
    expect(open).toMatchObject({
      state: 'awaiting',
      strategy: 'manual',
      conflict: { baseData: { cents: 250 }, localData: { cents: 300 }, serverData: { cents: 280 } },
    });
    expect(before).toMatchObject({ record: 'prices/tea', data: { was: 250, here: 300, there: 280 }, decision: 'open' });
    expect(after).toMatchObject({ id: before.id, data: before.data, decision: 'acceptMerged' });
    expect(cents).toBe(290);
    expect(left).toEqual([]);
  });

  test('change status: I12: each row shows where its change is', async () => {
    const { shown, moments } = await told(changeStatus);
    expect(shown).toEqual([
      { 1: 'not sent yet', 2: 'not sent yet', 3: 'not sent yet' },
      { 1: 'saved', 2: 'changed by somebody else: decide', 3: 'refused: correct it' },
      { 1: 'will be tried again', 2: 'changed by somebody else: decide', 3: 'refused: correct it' },
    ]);
    expect(moments).toEqual(
      expect.arrayContaining(['op.pushed 1', 'conflict.detected 2', 'op.failed 3', 'op.stuck 3']),
    );
  });

  test('cumulative deltas: I2: the sum is exact with a lost answer, and with a device that sends no deltas', async () => {
    const { results, sent, conflicts } = await told(cumulativeDeltas);
    expect(results).toEqual(Array(4).fill({ stock: 79, labels: ['organic', 'popular'] }));
    expect(sent).toBe(2);
    expect(conflicts).toBe(1);
  });
});

test('conflict patterns: the index lists a guide for each, and each runs from the command line', {
  timeout: 60_000,
}, async () => {
  const names = (folder: string, extension: string): string[] =>
    readdirSync(root + folder)
      .filter((name) => name.endsWith(extension))
      .map((name) => name.slice(0, -extension.length));
  const examples = names('examples/conflict-patterns', '.ts').filter((name) => name !== 'setup');
  expect(names('docs/conflict-patterns', '.md').filter((name) => name !== 'README')).toEqual(examples);
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      ['--import', 'tsx', 'examples/conflict-patterns/timestamp-detection.ts'],
      { cwd: root },
      (error, stdout, stderr) => {
        if (error !== null || stderr !== '') reject(new Error(`it failed: ${stderr}`, { cause: error }));
        else resolve(stdout);
      },
    );
  });
  expect(output).toContain('Server: Oat milk, 3');
});
