import { editAtRate } from '../edit-at-rate.ts';

await editAtRate(() => () => undefined);
