import type { Delta } from '../../../model/values/delta.ts';

/** A relative change as short text: `quantity +2`, `tags add "home"`. */
export const describeDelta = (delta: Delta): string => `${delta.field} ${deltaText(delta)}`;

/** The same without the field. */
export function deltaText(delta: Delta): string {
  switch (delta.type) {
    case 'increment':
      return delta.by < 0 ? `−${Math.abs(delta.by).toLocaleString('en')}` : `+${delta.by.toLocaleString('en')}`;
    case 'addToSet':
      return `add ${delta.values.map((value) => JSON.stringify(value)).join(', ')}`;
    case 'removeFromSet':
      return `take away ${delta.values.map((value) => JSON.stringify(value)).join(', ')}`;
  }
}
