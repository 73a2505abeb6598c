import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type { Multipart, MultipartFile } from '@fastify/multipart';
import { HashingStream } from '../../kernel/sha256.js';
import type { SpoolDirectory } from '../temp-files/spool-directory.js';
import { formatBytes } from './byte-size.js';
import { MalformedUpload, TooLarge } from './http.errors.js';
import { PartMeter } from './part-meter.js';
import type { FilePartSpec, SpooledFile, UploadSpec } from './received-upload.js';
import { textMaxBytes, tooLargePart } from './upload-limits.js';

/** An upload while it is read. */
export interface UploadInProgress {
  readonly spec: UploadSpec;
  readonly spool: SpoolDirectory;
  readonly fields: Record<string, string>;
  readonly files: SpooledFile[];
  /** Called whenever bytes have come. */
  readonly onProgress: () => void;
}

/** Takes one part over: text into `fields`, a file to disk, an unknown file nowhere. Throws `TooLarge`, `MalformedUpload`. */
export async function takePart(part: Multipart, upload: UploadInProgress): Promise<void> {
  if (part.type === 'file') await takeFile(part, upload);
  else takeField(part, upload);
}

function takeField(part: Extract<Multipart, { type: 'field' }>, { spec, fields }: UploadInProgress): void {
  const value = typeof part.value === 'string' ? part.value : JSON.stringify(part.value);
  const filePart = filePartSpec(spec, part.fieldname);
  const maxBytes = filePart?.orText ? filePart.maxBytes : textMaxBytes(spec);
  if (part.valueTruncated || Buffer.byteLength(value) > maxBytes) {
    throw new TooLarge(`The form field ${quote(part.fieldname)} is larger than ${formatBytes(maxBytes)}`);
  }
  if (value.includes('\0')) {
    throw new MalformedUpload(`The form field ${quote(part.fieldname)} contains the character NUL`);
  }
  fields[part.fieldname] = value;
}

async function takeFile(part: MultipartFile, upload: UploadInProgress): Promise<void> {
  const { spec, spool, files, onProgress } = upload;
  const filePart = filePartSpec(spec, part.fieldname);
  if (!filePart) return skipFile(part, upload);
  if (!filePart.many && files.some(({ field }) => field === part.fieldname)) {
    throw new MalformedUpload(`Send one ${quote(part.fieldname)} part, not several`);
  }
  const path = spool.file(`part-${files.length}`);
  const meter = new PartMeter(filePart.maxBytes, () => tooLargePart(part.fieldname, filePart), onProgress);
  const hashing = new HashingStream();
  await pipeline(part.file, meter, hashing, createWriteStream(path, { flags: 'wx', mode: 0o600 }));
  files.push({
    field: part.fieldname,
    filename: baseName(part.filename),
    path,
    size: hashing.size,
    digest: hashing.digest,
  });
}

async function skipFile(part: MultipartFile, { spec, onProgress }: UploadInProgress): Promise<void> {
  const maxBytes = Math.max(0, ...Object.values(spec.files).map((filePart) => filePart.maxBytes));
  const tooLarge = () => new TooLarge(`The part ${quote(part.fieldname)} is not known here and too large`);
  const meter = new PartMeter(maxBytes, tooLarge, onProgress);
  await pipeline(part.file, meter.resume());
}

function filePartSpec({ files }: UploadSpec, name: string): FilePartSpec | undefined {
  return Object.hasOwn(files, name) ? files[name] : undefined;
}

function baseName(filename: string | undefined): string {
  const name = (filename ?? '').split(/[/\\]/).at(-1) ?? '';
  // eslint-disable-next-line no-control-regex -- control characters are what is taken out
  return name.replace(/[\u0000-\u001f\u007f]/g, '').slice(0, 255);
}

function quote(name: string): string {
  return JSON.stringify(name.slice(0, 100));
}
