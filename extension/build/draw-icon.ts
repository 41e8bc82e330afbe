import { crc32, deflateSync } from 'node:zlib';

type Point = readonly [x: number, y: number];

/**
 * Draws the icon: two arrows that go round between two states, on a rounded square. Distances are in parts of the size;
 * no picture is needed.
 */
export function drawIcon(size: number): Buffer {
  const pixels = Buffer.alloc(size * (1 + size * 4));
  const softness = 0.8 / size;
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const point: Point = [(x + 0.5) / size, (y + 0.5) / size];
      const ground = cover(roundedSquare(point), softness);
      const figure = cover(drawing(point), softness);
      const at = y * (1 + size * 4) + 1 + x * 4;
      for (const [index, colour] of [0x1f, 0x5f, 0xd1].entries())
        pixels[at + index] = Math.round(colour + (255 - colour) * figure);
      pixels[at + 3] = Math.round(255 * ground);
    }
  }
  return png(size, pixels);
}

/** 1 inside, 0 outside, between on the edge. */
const cover = (distance: number, softness: number): number => Math.min(1, Math.max(0, 0.5 - distance / softness / 2));

function roundedSquare([x, y]: Point): number {
  const radius = 0.22;
  const outside = (at: number): number => Math.max(0, Math.abs(at - 0.5) - (0.5 - radius));
  return Math.hypot(outside(x), outside(y)) - radius;
}

/** Negative inside of the white parts. It looks the same upside down. */
function drawing(point: Point): number {
  return Math.min(half(point), half([1 - point[0], 1 - point[1]]));
}

const ring = { radius: 0.29, width: 0.095 } as const;
const [from, to] = [200, 322] as const;

/** An arc over the top, and the head of its arrow. */
function half([x, y]: Point): number {
  const [dx, dy] = [x - 0.5, y - 0.5];
  const angle = ((Math.atan2(dy, dx) * 180) / Math.PI + 360) % 360;
  const arc =
    angle >= from && angle <= to ? Math.abs(Math.hypot(dx, dy) - ring.radius) - ring.width / 2 : cap(dx, dy, from);
  return Math.min(arc, head(dx, dy));
}

const onRing = (degrees: number, radius: number): Point => [
  Math.cos((degrees * Math.PI) / 180) * radius,
  Math.sin((degrees * Math.PI) / 180) * radius,
];

function cap(dx: number, dy: number, degrees: number): number {
  const [x, y] = onRing(degrees, ring.radius);
  return Math.hypot(dx - x, dy - y) - ring.width / 2;
}

/** A triangle at the end of the arc: the largest distance to its three sides. */
function head(dx: number, dy: number): number {
  const corners: readonly Point[] = [
    onRing(to - 6, ring.radius - 0.15),
    onRing(to - 6, ring.radius + 0.15),
    onRing(to + 36, ring.radius + 0.012),
  ];
  return Math.max(
    ...corners.map(([ax, ay], index) => {
      const [bx, by] = corners[(index + 1) % corners.length] ?? [0, 0];
      return ((by - ay) * (dx - ax) - (bx - ax) * (dy - ay)) / Math.hypot(bx - ax, by - ay);
    }),
  );
}

/** A PNG of 8-bit RGBA lines, each with its filter byte 0. */
function png(size: number, lines: Buffer): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(size, 0);
  header.writeUInt32BE(size, 4);
  header.set([8, 6, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(lines, { level: 9 })),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}
