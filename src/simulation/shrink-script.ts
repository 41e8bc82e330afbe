import type { SimulationResult } from './simulate.ts';
import type { SimulationScript } from './simulation-script.ts';

export interface ShrunkScript {
  readonly script: SimulationScript;
  /** Indices of the remaining steps in the original script. */
  readonly kept: readonly number[];
  readonly result: SimulationResult;
}

/**
 * Removes steps from a failing script while the same invariant stays violated: first halves, then smaller parts, then
 * single steps. Runs the script at most `maxRuns` times. Resolves with the unchanged script if it does not fail.
 */
export async function shrinkScript(
  script: SimulationScript,
  run: (script: SimulationScript) => Promise<SimulationResult>,
  options: { readonly maxRuns?: number } = {},
): Promise<ShrunkScript> {
  const first = await run(script);
  const invariant = first.violation?.invariant;
  let best: ShrunkScript = { script, kept: script.steps.map((_step, index) => index), result: first };
  if (invariant === undefined) return best;
  let left = options.maxRuns ?? 150;
  const without = async (from: number, count: number): Promise<boolean> => {
    left -= 1;
    const kept = best.kept.filter((_step, index) => index < from || index >= from + count);
    const smaller = { ...script, steps: kept.flatMap((index) => script.steps[index] ?? []) };
    const result = await run(smaller);
    if (result.violation?.invariant !== invariant) return false;
    best = { script: smaller, kept, result };
    return true;
  };
  for (let size = Math.ceil(best.kept.length / 2), isSmaller = false; left > 0; ) {
    for (let from = 0; from < best.kept.length && left > 0; ) {
      if (await without(from, size)) isSmaller = true;
      else from += size;
    }
    if (size > 1) size = Math.ceil(size / 2);
    else if (isSmaller) isSmaller = false;
    else break;
  }
  return best;
}
