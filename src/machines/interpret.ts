import { createActor } from 'xstate';

/** XState's `createActor` under its traditional name. The type avoids the deprecation hint of editors. */
export const interpret: typeof createActor = createActor;
