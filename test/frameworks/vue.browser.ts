import { version } from 'vue';
import { frameworkConformance } from '../queries/framework-conformance.ts';
import { vueAdapter } from './vue-adapter.ts';

frameworkConformance(`Vue ${version}`, vueAdapter);
