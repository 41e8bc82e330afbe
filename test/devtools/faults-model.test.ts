import { expect, test } from 'vitest';
import { cleanFaults, faultErrors, faultTexts } from '../../src/devtools/views/faults-model.ts';
import { hasFaults } from '../../src/devtools/views/status-model.ts';

test('I12: omits settings without effect, so that "all off" sets nothing', () => {
  expect(
    cleanFaults({ offline: false, latencyMs: 0, errorRate: 0, errorType: 'throttled', cutReplies: 0, clockSkewMs: 0 }),
  ).toEqual({});
  const all = {
    offline: true,
    latencyMs: 5,
    errorRate: 0.5,
    errorType: 'throttled',
    cutReplies: 1,
    clockSkewMs: -1,
  } as const;
  expect(cleanFaults(all)).toEqual(all);
});

test('I12: describes every active fault, and marks the status bar exactly then', () => {
  for (const faults of [{}, { offline: false }, { errorType: 'throttled' }, { latencyMs: 0 }] as const) {
    expect(faultTexts(faults)).toEqual([]);
    expect(hasFaults({ faults })).toBe(false);
  }
  for (const faults of [
    { offline: true },
    { latencyMs: 1 },
    { errorRate: 0.1 },
    { cutReplies: 0.1 },
    { clockSkewMs: -5 },
  ]) {
    expect(faultTexts(faults)).toHaveLength(1);
    expect(hasFaults({ faults })).toBe(true);
  }
  expect(faultTexts({ latencyMs: 2_500, errorRate: 0.3, errorType: 'throttled', clockSkewMs: -7_200_000 })).toEqual([
    '2.5 s later',
    '30 % of calls: 429, too many requests',
    'server clock 2 h behind',
  ]);
});

test("offers each kind of failure once, with the engine's reaction", () => {
  expect(new Set(faultErrors.map(([type]) => type)).size).toBe(6);
  for (const [, label, effect] of faultErrors) expect([label, effect].every((text) => text.length > 5)).toBe(true);
});
