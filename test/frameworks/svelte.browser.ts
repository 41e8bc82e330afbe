import { frameworkConformance } from '../queries/framework-conformance.ts';
import { svelteAdapter } from './svelte-adapter.svelte.ts';

frameworkConformance('Svelte 5', svelteAdapter);
