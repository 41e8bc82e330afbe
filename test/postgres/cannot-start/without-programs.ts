import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { answerTests, startPostgres } from '../../support/postgres-server.ts';

/** The packages are looked for in a folder that does not exist, as on a platform without a build of PostgreSQL. */
export const setup = (): Promise<() => Promise<void>> =>
  answerTests(() => startPostgres(join(tmpdir(), 'no-packages-here')));
