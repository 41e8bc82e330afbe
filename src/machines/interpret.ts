import { createActor } from 'xstate';

/**
 * XState's `createActor` under the name that charts are traditionally started with; typed as such, so that no editor
 * shows a deprecation.
 */
export const interpret: typeof createActor = createActor;
