import { expect, test } from 'vitest';
import type { PendingReason } from '../../../src/model/pending-operation.ts';
import { describeDiagnosis, describeRemedy } from '../../../src/rules/diagnosis/describe-diagnosis.ts';
import { diagnose } from '../../../src/rules/diagnosis/diagnose.ts';
import { findings } from '../../../src/rules/diagnosis/diagnosis.ts';
import { factsOf, now, situations } from './situations.ts';

test('I12: each situation has its diagnosis (the table is situations.golden.txt)', async () => {
  const table = Object.entries(situations).map(([name, situation]) => {
    const lines = diagnose(factsOf(situation)).flatMap((finding) => [
      `  ${finding.level.padEnd(7)} ${finding.code}`,
      `          ${describeDiagnosis(finding, { now })}`,
      `          evidence: ${JSON.stringify(finding.evidence)}`,
      ...(finding.remedies.length === 0 ? [] : [`          helps: ${finding.remedies.map(describeRemedy).join(' ')}`]),
    ]);
    return [name, ...lines].join('\n');
  });
  await expect(`${table.join('\n\n')}\n`).toMatchFileSnapshot('situations.golden.txt');
});

test('I12: the table contains every finding and every reason of explain()', () => {
  const codes = new Set(Object.values(situations).flatMap((each) => diagnose(factsOf(each)).map(({ code }) => code)));
  expect([...codes].sort()).toEqual(Object.keys(findings).sort());
  const reasons: Readonly<Record<PendingReason, true>> = {
    ready: true,
    waitingFor: true,
    inFlight: true,
    backoff: true,
    conflict: true,
    stuck: true,
    forbidden: true,
    authRequired: true,
    offline: true,
    paused: true,
    standby: true,
    ambiguous: true,
    scopeChanged: true,
    newerSchema: true,
    unregisteredKind: true,
  };
  const told = new Set(Object.values(situations).flatMap(({ queue = [] }) => queue.map(({ reason }) => reason)));
  expect([...told].sort()).toEqual(Object.keys(reasons).sort());
});

test('I12: notices stand beside what else holds, and never instead of it', () => {
  const storage = { mode: 'opfs', tab: 'tab1', role: 'owner', persisted: false, persistRefused: true } as const;
  const codes = (situation: Parameters<typeof factsOf>[0]): readonly string[] =>
    diagnose(factsOf({ ...situation, status: { storage, ...situation.status } })).map(({ code }) => code);
  expect(codes({})).toEqual(['notPersisted', 'allWell']);
  expect(codes({ wasNeverSynced: true })).toEqual(['notPersisted', 'neverSynced']);
  expect(codes({ status: { phase: 'pulling' } })).toEqual(['notPersisted', 'syncing']);
  expect(codes({ status: { phase: 'paused', paused: true } })).toEqual(['paused', 'notPersisted']);
  // A tab that does not sync cannot say that all is well.
  expect(codes({ status: { phase: 'standby' } })).toEqual(['anotherTab', 'notPersisted']);
});

test('findings that need a person precede those that resolve themselves', () => {
  const urgency = ['error', 'warning', 'waiting', 'notice', 'ok'];
  const levels = Object.values(findings).map(({ level }) => urgency.indexOf(level));
  expect(levels).toEqual([...levels].sort((a, b) => a - b));
});

test('sentences contain no error text, and evidence contains no elapsing time', () => {
  for (const situation of Object.values(situations)) {
    const facts = factsOf(situation);
    for (const finding of diagnose(facts)) {
      expect(describeDiagnosis(finding, { now })).not.toMatch(/secret/);
      expect(describeDiagnosis(finding)).toMatch(/^[A-Z0-9].*[.]$|It says: /);
    }
    if (facts.status.lastSyncedAt !== undefined && facts.staleAfterMs < Infinity)
      expect(diagnose({ ...facts, now: facts.now + 1 })).toEqual(diagnose(facts));
  }
});
