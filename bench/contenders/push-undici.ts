import { runPushFloor } from '../floor-push.ts';

await runPushFloor('undici');
