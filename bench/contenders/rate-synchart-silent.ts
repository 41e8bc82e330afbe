import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { editAtRate } from '../edit-at-rate.ts';

/** The devtools attached, their log off. */
await editAtRate(async (engine) => {
  const agent = attachDevtools(engine);
  await agent.run({ type: 'record', on: false });
  return () => agent.detach();
});
