import { runPullFloor } from '../floor-pull.ts';

await runPullFloor('axios');
