import { answerMutants } from './answer-mutants.ts';
import { browserMutants } from './browser-mutants.ts';
import { engineMutants } from './engine-mutants.ts';
import type { Mutant } from './mutant.ts';
import { persistenceMutants } from './persistence-mutants.ts';
import { rpcMutants } from './rpc-mutants.ts';
import { rulesMutants } from './rules-mutants.ts';

/** Each of these loses, doubles, hides or blocks something; each must be noticed. */
export const mutants: readonly Mutant[] = [
  ...rulesMutants,
  ...persistenceMutants,
  ...engineMutants,
  ...answerMutants,
  ...rpcMutants,
  ...browserMutants,
];
