import { version } from 'react';
import { frameworkConformance } from '../queries/framework-conformance.ts';
import { reactAdapter } from './react-adapter.tsx';

frameworkConformance(`React ${version}`, reactAdapter);
