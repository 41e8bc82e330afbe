import { shrinkScript, simulate, drawScript } from '../../src/testing.ts';

/**
 * How many seeds the suite plays, half of them per file, so that two workers share them. `SIMULATE_SEEDS` sets another
 * number.
 */
export const seedCount = Number(process.env['SIMULATE_SEEDS'] ?? 2_000);

/**
 * Plays seeds one after another; a failing one is shrunk, and thrown with its trace and the command that replays it.
 */
export async function playSeeds(from: number, count: number): Promise<void> {
  for (let seed = from; seed < from + count; seed += 1) {
    const { violation } = await simulate({ seed });
    if (violation === undefined) continue;
    const { kept, result } = await shrinkScript(drawScript(seed), (script) => simulate({ script }), { maxRuns: 60 });
    throw new Error(
      `seed ${seed}: ${result.violation?.message ?? violation.message}\n\n${result.trace.join('\n')}\n\nreplay: npm run simulate -- --seed ${seed} --keep ${kept.join(',')} --trace`,
    );
  }
}
