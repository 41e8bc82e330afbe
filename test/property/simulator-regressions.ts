import { readFileSync } from 'node:fs';
import type { SimulationScript } from '../../src/testing.ts';

export interface SimulatorRegression {
  readonly invariant: string;
  readonly found: string;
  readonly seed: number;
  readonly script: SimulationScript;
}

/** What seeds have found, shrunk. The scripts themselves are kept: what a seed draws changes with the generator. */
export const simulatorRegressions = JSON.parse(
  readFileSync(new URL('./simulator-regressions.json', import.meta.url), 'utf8'),
) as readonly SimulatorRegression[];
