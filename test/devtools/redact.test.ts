import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createRedactor } from '../../src/devtools/log/redact.ts';

test('F-116: hides credentials by field name at any depth, and inside strings', () => {
  const redact = createRedactor({ fields: ['pin_code'] });
  const shown = JSON.stringify(
    redact({
      headers: { Authorization: 'Bearer abcdef123456', 'X-Api-Key': 'k-123456', accept: 'json' },
      list: [{ password: 'hunter2', pinCode: '0815' }],
      error: new Error('GET failed with Authorization: Bearer abcdef123456', { cause: { refresh_token: 'r-123456' } }),
    }),
  );
  for (const secret of ['abcdef123456', 'k-123456', 'hunter2', '0815', 'r-123456']) expect(shown).not.toContain(secret);
  expect(shown).toContain('json');
});

test('I13: turns any value into JSON of bounded size', () => {
  const redact = createRedactor();
  fc.assert(
    fc.property(
      fc.anything({
        withBigInt: true,
        withDate: true,
        withMap: true,
        withSet: true,
        withTypedArray: true,
        withNullPrototype: true,
      }),
      (value) => {
        const shown = redact(value);
        expect(JSON.parse(JSON.stringify(shown))).toEqual(shown);
      },
    ),
  );
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  expect(JSON.stringify(redact(circular)).length).toBeLessThan(1_000);
  const hostile = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('no');
      },
    },
  );
  expect(redact(hostile)).toMatch(/cannot be shown/);
  expect(String(redact('x'.repeat(1_000_000))).length).toBeLessThan(3_000);
});
