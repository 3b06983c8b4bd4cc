// Tickets as pictures: QR codes of medium error correction, which bears a cracked screen and keeps the modules of a
// 200-character token large. PNG for mails, SVG for pages.

import { encodeQR } from "qr";
import type { QrCodes } from "../app/ports";

/** Of QR's own rules: scanners need so much white around a code. Modules. */
const QUIET_ZONE = 4;
/** Pixels a module of a PNG; a mail shows it at half that size, so it is sharp on every screen. */
const PNG_SCALE = 8;

export function qrCodes(): QrCodes {
  return {
    svg(text) {
      const modules = modulesOf(text);
      const size = modules.length;
      return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" shape-rendering="crispEdges"><path fill="#fff" d="M0 0h${size}v${size}H0z"/><path d="${pathOf(modules)}"/></svg>`;
    },
    async png(text) {
      return await pngOf(modulesOf(text), PNG_SCALE);
    },
  };
}

/** True is black. */
function modulesOf(text: string): readonly (readonly boolean[])[] {
  return encodeQR(text, "raw", { ecc: "medium", border: QUIET_ZONE });
}

/** One stroke for each run of black modules in a row. */
function pathOf(modules: readonly (readonly boolean[])[]): string {
  const strokes: string[] = [];
  for (const [y, row] of modules.entries()) {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const start = x;
      while (row[x + 1]) x += 1;
      const length = x - start + 1;
      strokes.push(`M${start} ${y}h${length}v1h-${length}z`);
    }
  }
  return strokes.join("");
}

/** Greyscale of one bit a pixel (RFC 2083): 1 to 2 KB for a ticket. */
async function pngOf(modules: readonly (readonly boolean[])[], scale: number): Promise<Uint8Array> {
  const size = modules.length * scale;
  const stride = Math.ceil(size / 8) + 1;
  const pixels = new Uint8Array(stride * size);
  for (let y = 0; y < size; y++) {
    const row = modules[Math.floor(y / scale)] ?? [];
    // The first byte of a line names its filter: none.
    for (let x = 0; x < size; x++) {
      if (!row[Math.floor(x / scale)]) (pixels[y * stride + 1 + (x >> 3)] as number) |= 0x80 >> (x & 7);
    }
  }
  const header = new DataView(new ArrayBuffer(13));
  header.setUint32(0, size);
  header.setUint32(4, size);
  header.setUint8(8, 1);
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return concat([
    signature,
    chunk("IHDR", new Uint8Array(header.buffer)),
    chunk("IDAT", await deflate(pixels)),
    chunk("IEND", new Uint8Array()),
  ]);
}

async function deflate(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const named = concat([new TextEncoder().encode(type), data]);
  const frame = new DataView(new ArrayBuffer(8));
  frame.setUint32(0, data.length);
  frame.setUint32(4, crc32(named));
  const ends = new Uint8Array(frame.buffer);
  return concat([ends.subarray(0, 4), named, ends.subarray(4)]);
}

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
