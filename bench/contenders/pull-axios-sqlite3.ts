import { runSqlite3PullFloor } from '../floor-pull-sqlite3.ts';

await runSqlite3PullFloor('axios');
