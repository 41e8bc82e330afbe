import { editAtRate } from '../edit-at-rate.ts';
import { openPanel } from '../open-panel.ts';

/** A panel open in the same process, as in a page. */
await editAtRate(async (engine) => (await openPanel(engine)).close);
