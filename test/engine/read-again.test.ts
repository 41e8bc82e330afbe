import { Subject } from 'rxjs';
import { expect, test } from 'vitest';
import { readAgain } from '../../src/engine/status/read-again.ts';

const turns = async (count: number): Promise<void> => {
  for (let turn = 0; turn < count; turn += 1) await Promise.resolve();
};

test.for(Array.from({ length: 16 }, (_, index) => index))(
  'F-11: processes a cause that arrives %i turns after another',
  async (late) => {
    const causes = new Subject<void>();
    let stored = 1;
    const seen: number[] = [];
    const reading = readAgain([causes], () => Promise.resolve(stored), Object.is).subscribe((value) =>
      seen.push(value),
    );
    causes.next();
    await turns(late);
    stored = 2;
    causes.next();
    await turns(50);
    expect(seen.at(-1)).toBe(2);
    reading.unsubscribe();
  },
);
