import { attachDevtools } from '../../src/devtools/agent/attach-devtools.ts';
import { editAtRate } from '../edit-at-rate.ts';

/** The devtools attached, no panel open. */
await editAtRate((engine) => {
  const agent = attachDevtools(engine);
  return () => agent.detach();
});
