const BLOCK = 512;
const SIZE_DIGITS = 11;

/** The largest entry whose size a header can tell, in bytes. */
export const MAX_ENTRY_BYTES = 8 ** SIZE_DIGITS - 1;
/** What ends an archive. */
export const ARCHIVE_END = Buffer.alloc(2 * BLOCK);
export const HEADER_BYTES = BLOCK;

/**
 * The one header that an entry of this name and size has in a bundle: no times, owners or links, so that a reader can
 * demand it byte for byte. `name`: at most 99 ASCII characters.
 */
export function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 'latin1');
  header.write('0000644\0', 100, 'latin1');
  header.write('0000000\0', 108, 'latin1');
  header.write('0000000\0', 116, 'latin1');
  header.write(`${octal(size)}\0`, 124, 'latin1');
  header.write(`${octal(0)}\0`, 136, 'latin1');
  header.write('        ', 148, 'latin1');
  header.write('0', 156, 'latin1');
  header.write('ustar\x0000', 257, 'latin1');
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return header;
}

/** The size that a header tells; undefined when it is not {@link tarHeader} of this name and that size. */
export function sizeInHeader(header: Buffer, name: string): number | undefined {
  const digits = header.toString('latin1', 124, 124 + SIZE_DIGITS);
  if (!/^[0-7]{11}$/.test(digits)) return undefined;
  const size = Number.parseInt(digits, 8);
  return tarHeader(name, size).equals(header) ? size : undefined;
}

/** The zeros behind an entry of this size. */
export function paddingOf(size: number): number {
  return (BLOCK - (size % BLOCK)) % BLOCK;
}

/** What an entry takes: header, content and padding. */
export function entryLength(size: number): number {
  return BLOCK + size + paddingOf(size);
}

function octal(value: number): string {
  return value.toString(8).padStart(SIZE_DIGITS, '0');
}
