import { readFile } from 'node:fs/promises';

/** One file of an upload, on disk. */
export interface SpooledFile {
  /** The name of the form part. */
  readonly field: string;
  /** The name the client gave; empty when it gave none. Never used as a path. */
  readonly filename: string;
  /** Where the bytes are until `dispose`. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** SHA-256, lower-case hex. */
  readonly digest: string;
}

/** What may come in one file part. */
export interface FilePartSpec {
  readonly maxBytes: number;
  /** The setting that raises `maxBytes`, named in the refusal. */
  readonly setting?: string;
  /** Several parts of this name are allowed. */
  readonly many?: boolean;
  /** The part may also come as a text field, as with `curl -F name="$TEXT"` or `-F name=<file`. */
  readonly orText?: boolean;
}

/** What an upload may contain. Parts that are not named here are read and forgotten, text fields are kept. */
export interface UploadSpec {
  readonly files: Readonly<Record<string, FilePartSpec>>;
  /** Longest text field, in bytes (64 KiB unless given). */
  readonly textFieldMaxBytes?: number;
}

/** A multipart upload that was read to its end. Whoever receives one calls `dispose` in a `finally`. */
export class ReceivedUpload {
  constructor(
    /** Text fields by name; of a repeated one the last. */
    readonly fields: Readonly<Record<string, string>>,
    /** File parts in the order of arrival. */
    readonly files: readonly SpooledFile[],
    private readonly remove: () => Promise<void>,
  ) {}

  /** The first file part of this name. */
  file(field: string): SpooledFile | undefined {
    return this.files.find((file) => file.field === field);
  }

  /** The text of a part that may come as a text field or as a file. */
  async fieldOrFile(name: string): Promise<string | undefined> {
    const bytes = await this.bytes(name);
    return bytes?.toString('utf8');
  }

  /** The bytes of a part that may come as a text field or as a file. */
  async bytes(name: string): Promise<Buffer | undefined> {
    const text = this.fields[name];
    if (text !== undefined) return Buffer.from(text, 'utf8');
    const file = this.file(name);
    return file && readFile(file.path);
  }

  /** Removes the files. Safe to call more than once. */
  dispose(): Promise<void> {
    return this.remove();
  }
}
