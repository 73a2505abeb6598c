import type { ModuleAddress } from '../kernel/terraform/module-address.js';
import { shasumsFilename } from '../kernel/terraform/package-filename.js';
import { isObjectPath } from './object-path.js';
import { ObjectStoreRejected } from './object-store.errors.js';

const LAYOUT = /^blobs\/sha256\/([0-9a-f]{2})\/([0-9a-f]{2})\/([0-9a-f]{64})\/([^/]+)$/;

/** Content types by the end of the file name; REST contract 7. */
const CONTENT_TYPES: readonly (readonly [string, string])[] = [
  ['.tar.gz', 'application/gzip'],
  ['.zip', 'application/zip'],
  ['_SHA256SUMS', 'text/plain'],
  ['.sig', 'application/octet-stream'],
];

/**
 * The name of a stored object: `blobs/sha256/<2>/<2>/<digest>/<filename>`, where the two folders are the first
 * four digits of the SHA-256 of its bytes. The only place that knows the layout.
 */
export class ArtifactKey {
  /** Where all artifacts are. */
  static readonly root = 'blobs/';

  private constructor(
    readonly path: string,
    /** SHA-256 of the bytes, 64 lower-case hex digits. */
    readonly digest: string,
    readonly filename: string,
  ) {}

  /** The archive of a module version: `<name>-<system>-<version>.tar.gz`. */
  static module(digest: string, address: ModuleAddress, version: string): ArtifactKey {
    return ArtifactKey.of(digest, `${address.name}-${address.system}-${version}.tar.gz`);
  }

  /** A provider package under its canonical name. */
  static providerPackage(digest: string, filename: string): ArtifactKey {
    return ArtifactKey.of(digest, filename);
  }

  /** The checksum document of a provider version. */
  static shasums(digest: string, type: string, version: string): ArtifactKey {
    return ArtifactKey.of(digest, shasumsFilename(type, version));
  }

  /** The detached signature of a checksum document. */
  static shasumsSignature(digest: string, type: string, version: string): ArtifactKey {
    return ArtifactKey.of(digest, `${shasumsFilename(type, version)}.sig`);
  }

  /** An object of which digest and file name are known. */
  static named(digest: string, filename: string): ArtifactKey {
    return ArtifactKey.of(digest, filename);
  }

  /** The documentation of a provider version: `terraform-provider-<type>_<version>_docs.zip` or `….tar.gz`. */
  static providerDocs(digest: string, type: string, version: string, format: 'zip' | 'tar.gz'): ArtifactKey {
    return ArtifactKey.of(digest, `terraform-provider-${type}_${version}_docs.${format}`);
  }

  /** The key that this path is; undefined for every other text. */
  static parse(text: string): ArtifactKey | undefined {
    const [, first = '', second, digest = '', filename = ''] = LAYOUT.exec(text) ?? [];
    if (!digest.startsWith(`${first}${second}`) || !isObjectPath(text)) return undefined;
    return new ArtifactKey(text, digest, filename);
  }

  /** The media type under which the object is served. */
  get contentType(): string {
    return (
      CONTENT_TYPES.find(([suffix]) => this.filename.endsWith(suffix))?.[1] ?? 'application/octet-stream'
    );
  }

  private static of(digest: string, filename: string): ArtifactKey {
    const path = `blobs/sha256/${digest.slice(0, 2)}/${digest.slice(2, 4)}/${digest}/${filename}`;
    const key = ArtifactKey.parse(path);
    if (!key) throw new ObjectStoreRejected('path');
    return key;
  }
}
