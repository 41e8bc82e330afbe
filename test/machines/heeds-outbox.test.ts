import { expect, test } from 'vitest';
import { heedsOutbox } from '../../src/machines/heeds-outbox.ts';
import { places } from './chart-script.ts';

test.each(Object.entries(places))(
  'I1: in %s the chart receives news of work if and only if it would read again',
  (_, reach) => {
    const { snapshot } = reach();
    expect(heedsOutbox(snapshot)).toBe(snapshot.can({ type: 'outbox.changed' }));
  },
);
