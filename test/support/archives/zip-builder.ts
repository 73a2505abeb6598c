import { crc32, deflateRawSync } from 'node:zlib';

/** The numbers of one header; those left out are the true ones. */
export interface ZipHeaderOverrides {
  name?: string | Buffer;
  flags?: number;
  method?: number;
  crc32?: number;
  packedSize?: number;
  size?: number;
  extra?: Buffer;
  offset?: number;
  disk?: number;
}

/** One file of a zip. */
export interface ZipFileOptions {
  name: string | Buffer;
  content?: string | Buffer;
  method?: 0 | 8;
  /** Unix mode with type bits. */
  mode?: number;
  /** 3 is Unix, 0 is DOS. */
  madeOn?: number;
  externalAttributes?: number;
  flags?: number;
  packed?: Buffer;
  local?: ZipHeaderOverrides;
  central?: ZipHeaderOverrides;
  /** Bytes after the data, e.g. a data descriptor. */
  after?: Buffer;
  isMissingFromDirectory?: boolean;
  comment?: string;
}

/** What stands around the files of a zip. */
export interface ZipFrameOptions {
  prefix?: Buffer;
  suffix?: Buffer;
  comment?: Buffer;
  beforeDirectory?: Buffer;
  beforeEnd?: Buffer;
  /** Writes the 64-bit end records, with these fields changed. */
  zip64?: { entries?: number; size?: number; start?: number; at?: number };
  end?: { disk?: number; entriesOnDisk?: number; entries?: number; size?: number; start?: number };
  /** Offsets count from the beginning of the file, with the prefix. */
  countsPrefix?: boolean;
}

/** Writes a zip byte by byte, right by default and wrong where told. */
export function buildZip(files: readonly ZipFileOptions[], frame: ZipFrameOptions = {}): Buffer {
  const parts: Buffer[] = [frame.prefix ?? Buffer.alloc(0)];
  let offset = frame.countsPrefix === true ? (frame.prefix?.length ?? 0) : 0;
  const central: Buffer[] = [];
  for (const file of files) {
    const { local, record } = zipEntry(file, offset);
    parts.push(local);
    offset += local.length;
    if (file.isMissingFromDirectory !== true) {
      central.push(record);
    }
  }
  const before = frame.beforeDirectory ?? Buffer.alloc(0);
  const directory = Buffer.concat(central);
  const end = endRecords(central.length, directory.length, offset + before.length, frame);
  return Buffer.concat([
    ...parts,
    before,
    directory,
    frame.beforeEnd ?? Buffer.alloc(0),
    end,
    frame.suffix ?? Buffer.alloc(0),
  ]);
}

/** A data descriptor as writers of streams put it after the data. */
export function dataDescriptor(
  content: string | Buffer,
  options: { signature?: boolean; long?: boolean } = {},
): Buffer {
  const bytes = Buffer.from(content as string);
  const sizes = [deflateRawSync(bytes).length, bytes.length];
  const head = options.signature === false ? [] : [uint32(0x08074b50)];
  return Buffer.concat([
    ...head,
    uint32(crc32(bytes)),
    ...sizes.map((size) => (options.long ? uint64(size) : uint32(size))),
  ]);
}

/** An extra field. */
export function extraField(id: number, data: Buffer): Buffer {
  return Buffer.concat([uint16(id), uint16(data.length), data]);
}

export function uint16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}

function zipEntry(file: ZipFileOptions, offset: number): { local: Buffer; record: Buffer } {
  const content = Buffer.from((file.content ?? '') as string);
  const method = file.method ?? 8;
  const packed = file.packed ?? (method === 8 ? deflateRawSync(content) : content);
  const truth = {
    name: Buffer.from(file.name as string),
    flags: file.flags ?? 0,
    method,
    crc32: crc32(content),
    packedSize: packed.length,
    size: content.length,
    extra: Buffer.alloc(0),
  };
  const local = shared({ ...truth, ...file.local });
  const inDirectory = { ...truth, offset, disk: 0, ...file.central };
  const comment = Buffer.from(file.comment ?? '');
  const name = Buffer.from(inDirectory.name as string);
  const record = Buffer.concat([
    uint32(0x02014b50),
    uint16(((file.madeOn ?? 3) << 8) | 20),
    shared(inDirectory).fields,
    uint16(comment.length),
    uint16(inDirectory.disk),
    uint16(0),
    uint32(file.externalAttributes ?? ((file.mode ?? 0o100644) << 16) >>> 0),
    uint32(inDirectory.offset),
    name,
    inDirectory.extra,
    comment,
  ]);
  return {
    local: Buffer.concat([
      uint32(0x04034b50),
      local.fields,
      local.names,
      packed,
      file.after ?? Buffer.alloc(0),
    ]),
    record,
  };
}

/** The fields that both headers have, and the name and extra field that follow them. */
function shared(header: Required<Omit<ZipHeaderOverrides, 'offset' | 'disk'>>): {
  fields: Buffer;
  names: Buffer;
} {
  const name = Buffer.from(header.name as string);
  const fields = Buffer.concat([
    uint16(20),
    uint16(header.flags),
    uint16(header.method),
    uint32(0x21_00_00),
    uint32(header.crc32),
    uint32(header.packedSize),
    uint32(header.size),
    uint16(name.length),
    uint16(header.extra.length),
  ]);
  return { fields, names: Buffer.concat([name, header.extra]) };
}

function endRecords(count: number, size: number, start: number, frame: ZipFrameOptions): Buffer {
  const { zip64, end = {}, comment = Buffer.alloc(0) } = frame;
  const at = start + size + (frame.beforeEnd?.length ?? 0);
  const long = [
    uint32(0x06064b50),
    uint64(44),
    uint16(45),
    uint16(45),
    uint32(0),
    uint32(0),
    uint64(zip64?.entries ?? count),
    uint64(zip64?.entries ?? count),
    uint64(zip64?.size ?? size),
    uint64(zip64?.start ?? start),
    uint32(0x07064b50),
    uint32(0),
    uint64(zip64?.at ?? at),
    uint32(1),
  ];
  const entries = end.entries ?? (zip64 === undefined ? count : 0xffff);
  return Buffer.concat([
    ...(zip64 === undefined ? [] : long),
    uint32(0x06054b50),
    uint16(end.disk ?? 0),
    uint16(0),
    uint16(end.entriesOnDisk ?? entries),
    uint16(entries),
    uint32(end.size ?? (zip64 === undefined ? size : 0xffffffff)),
    uint32(end.start ?? (zip64 === undefined ? start : 0xffffffff)),
    uint16(comment.length),
    comment,
  ]);
}
