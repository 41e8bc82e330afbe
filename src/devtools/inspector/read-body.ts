import type { IncomingMessage } from 'node:http';

/** Larger than any command: an amended payload is the largest. */
const mostBytes = 8 * 1024 * 1024;

/** Reads a request's JSON. Rejects with `RangeError` beyond 8 MiB and with `SyntaxError` for what is no JSON. */
export async function readBody(request: IncomingMessage): Promise<unknown> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > mostBytes) throw new RangeError('the message is too large');
    parts.push(part);
  }
  const value: unknown = JSON.parse(Buffer.concat(parts).toString('utf8'));
  return value;
}
