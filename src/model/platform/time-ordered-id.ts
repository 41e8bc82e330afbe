import { randomId } from './random-id.ts';
import { systemClock } from './system-clock.ts';

const counterBits = 12;
const counterEnd = 1 << counterBits;

/** Time (epoch ms) and counter of the last id of this process. */
let lastMs = 0;
let lastCounter = 0;

/**
 * Makes a UUID of version 7 (RFC 9562, section 6.2, method 1): 48 bits of epoch milliseconds, a counter of 12 bits, 62
 * random bits. Ids of one process sort in the order in which it made them, also within a millisecond and after its clock
 * was set back. An index of such ids grows at its end. Throws as {@link randomId}.
 */
export function timeOrderedId(): string {
  const random = randomId();
  const now = systemClock.now();
  if (now > lastMs) {
    lastMs = now;
    // From the lower half, so that a millisecond has room for more ids.
    lastCounter = Number.parseInt(random.slice(0, 3), 16) >> 1;
  } else if (++lastCounter === counterEnd) {
    lastMs += 1;
    lastCounter = 0;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${lastCounter.toString(16).padStart(3, '0')}${random.slice(18)}`;
}
