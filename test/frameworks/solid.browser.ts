import { frameworkConformance } from '../queries/framework-conformance.ts';
import { solidAdapter } from './solid-adapter.ts';

frameworkConformance('Solid', solidAdapter);
