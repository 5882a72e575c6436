// LZ4 frames, which Arrow files are compressed by unless asked otherwise.
// The format: github.com/lz4/lz4, doc/lz4_Frame_format.md and lz4_Block_format.md.

const MAGIC = 0x184d2204;

/**
 * The content of one LZ4 frame. Blocks may refer to those before them, so that all go into one array.
 * @throws Error for what is no such frame
 */
export function decodeLz4Frame(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
  if (view.getUint32(0, true) !== MAGIC) throw new Error('not an LZ4 frame');
  const flags = frame[4]!;
  const hasBlockChecksum = (flags & 0x10) !== 0;
  // Magic, flags, block size; content size and dictionary where the flags say so; a checksum of the header.
  let at = 7 + ((flags & 0x08) !== 0 ? 8 : 0) + ((flags & 0x01) !== 0 ? 4 : 0);
  const out = new Growing(4 * frame.length);
  for (;;) {
    const header = view.getUint32(at, true);
    at += 4;
    if (header === 0) break;
    const length = header & 0x7fffffff;
    const block = frame.subarray(at, at + length);
    if (block.length < length) throw new Error('an LZ4 block is cut short');
    if (header >>> 31) out.append(block);
    else decodeBlock(block, out);
    at += length + (hasBlockChecksum ? 4 : 0);
  }
  return out.content();
}

/** Bytes that are added at the end. */
class Growing {
  private bytes: Uint8Array;
  private filled = 0;

  constructor(reserved: number) {
    this.bytes = new Uint8Array(Math.max(64, reserved));
  }

  append(part: Uint8Array): void {
    this.reserve(part.length);
    this.bytes.set(part, this.filled);
    this.filled += part.length;
  }

  /** Repeats `length` bytes from `back` before the end; they may overlap what they make, so one after another. */
  repeat(back: number, length: number): void {
    if (back === 0 || back > this.filled) throw new Error('an LZ4 match reaches before the content');
    this.reserve(length);
    const { bytes, filled } = this;
    for (let to = filled; to < filled + length; to++) bytes[to] = bytes[to - back]!;
    this.filled += length;
  }

  content(): Uint8Array {
    return this.bytes.slice(0, this.filled);
  }

  private reserve(more: number): void {
    if (this.filled + more <= this.bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.bytes.length, this.filled + more));
    larger.set(this.bytes.subarray(0, this.filled));
    this.bytes = larger;
  }
}

/** Literals, then a match with what came before, until the block ends with literals. */
function decodeBlock(block: Uint8Array, out: Growing): void {
  let i = 0;
  /** 15 in four bits says that bytes are to be added, up to one that is not 255. */
  const lengthOf = (bits: number): number => {
    let length = bits;
    if (bits < 15) return length;
    let more: number;
    do {
      if (i >= block.length) throw new Error('an LZ4 block is cut short');
      more = block[i++]!;
      length += more;
    } while (more === 255);
    return length;
  };
  while (i < block.length) {
    const token = block[i++]!;
    const literals = lengthOf(token >> 4);
    if (i + literals > block.length) throw new Error('an LZ4 block is cut short');
    out.append(block.subarray(i, i + literals));
    i += literals;
    if (i >= block.length) return;
    const back = block[i]! | (block[i + 1]! << 8);
    i += 2;
    out.repeat(back, lengthOf(token & 15) + 4);
  }
}
