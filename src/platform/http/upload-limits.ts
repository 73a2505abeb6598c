import { formatBytes } from './byte-size.js';
import { TooLarge } from './http.errors.js';
import type { FilePartSpec, UploadSpec } from './received-upload.js';

const TEXT_FIELD_MAX_BYTES = 64 * 1024;
const MAX_HEADER_PAIRS = 50;

/** Most text fields of an upload. */
export const MAX_FIELDS = 100;
/** Most file parts of an upload. */
export const MAX_FILES = 200;

/** What the multipart parser is told; the sizes of files are watched part by part. */
export function partLimits(spec: UploadSpec) {
  const textLimits = Object.values(spec.files).filter(({ orText }) => orText);
  const fieldSize = Math.max(textMaxBytes(spec), ...textLimits.map(({ maxBytes }) => maxBytes));
  return {
    fieldNameSize: 100,
    fieldSize,
    fields: MAX_FIELDS,
    fileSize: Infinity,
    files: MAX_FILES,
    parts: MAX_FIELDS + MAX_FILES,
    headerPairs: MAX_HEADER_PAIRS,
  };
}

/** The longest text field. */
export function textMaxBytes(spec: UploadSpec): number {
  return spec.textFieldMaxBytes ?? TEXT_FIELD_MAX_BYTES;
}

/** The longest body this upload can have; unknown (infinite) when a part may come many times. */
function longestBody(spec: UploadSpec): number {
  const parts = Object.values(spec.files);
  if (parts.some(({ many }) => many)) return Infinity;
  return parts.reduce((sum, { maxBytes }) => sum + maxBytes, MAX_FIELDS * textMaxBytes(spec));
}

/** How much room an upload may need on disk; `declaredBytes` is its `Content-Length`. */
export function expectedBytes(declaredBytes: number | undefined, spec: UploadSpec): number {
  return declaredBytes ?? Math.max(0, ...Object.values(spec.files).map(({ maxBytes }) => maxBytes));
}

/** Throws `TooLarge` for a body that cannot fit whatever is in it, before a byte of it is read. */
export function refuseTooLong(declaredBytes: number | undefined, spec: UploadSpec): void {
  if (declaredBytes === undefined || declaredBytes <= longestBody(spec)) return;
  const [name, part] = Object.entries(spec.files).sort(([, a], [, b]) => b.maxBytes - a.maxBytes)[0] ?? [];
  throw name !== undefined && part ? tooLargePart(name, part) : new TooLarge('The upload is too large');
}

/** The refusal of a part above its limit; names the setting that raises it. */
export function tooLargePart(name: string, { maxBytes, setting }: FilePartSpec): TooLarge {
  const raise = setting === undefined ? '' : ` (${setting})`;
  return new TooLarge(
    `The part ${JSON.stringify(name)} is larger than the limit of ${formatBytes(maxBytes)}${raise}`,
  );
}
