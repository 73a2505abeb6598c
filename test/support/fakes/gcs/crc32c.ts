const POLYNOMIAL = 0x82f63b78;

const TABLE = Int32Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit++) rest = rest & 1 ? (rest >>> 1) ^ POLYNOMIAL : rest >>> 1;
  return rest;
});

/** CRC32C (Castagnoli), written apart from the SDK so that it can disagree with it. */
export class Crc32c {
  private value = -1;

  update(bytes: Buffer): void {
    let value = this.value;
    for (let at = 0; at < bytes.length; at++) value = TABLE[(value ^ bytes[at]!) & 0xff]! ^ (value >>> 8);
    this.value = value;
  }

  /** The four bytes, highest first, in Base64. */
  base64(): string {
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(~this.value);
    return bytes.toString('base64');
  }
}
