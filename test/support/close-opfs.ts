import { afterAll } from 'vitest';
import { closeOpfs } from './open-opfs.ts';

afterAll(closeOpfs);
