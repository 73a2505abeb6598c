import type { StoredFile } from './stored-file.js';

/** Small files in memory and the links that open them; both bounded, the least recently used go first. */
export class HeldFiles {
  private readonly files = new Map<string, StoredFile>();
  private readonly links = new Map<string, { readonly path: string; readonly expiresAtMs: number }>();
  private heldBytes = 0;

  constructor(private readonly limits: { readonly maxBytes: number; readonly maxLinks: number }) {}

  /** Bytes held now. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** The file of this object path. */
  find(path: string): StoredFile | undefined {
    const file = this.files.get(path);
    if (!file) return undefined;
    // Moves it to the end: the order of a Map is that of insertion.
    this.files.delete(path);
    this.files.set(path, file);
    return file;
  }

  /** The file that `url` opens: its signature was verified before, and it has not expired. */
  findByLink(url: string, nowMs: number): { file: StoredFile; expiresAtMs: number } | undefined {
    const link = this.links.get(url);
    if (!link) return undefined;
    const file = link.expiresAtMs > nowMs ? this.find(link.path) : undefined;
    if (!file) this.links.delete(url);
    return file && { file, expiresAtMs: link.expiresAtMs };
  }

  /** Holds a file whose bytes are in memory. */
  hold(file: StoredFile): void {
    this.drop(file.key.path);
    this.files.set(file.key.path, file);
    this.heldBytes += file.size();
    for (const path of this.files.keys()) {
      if (this.heldBytes <= this.limits.maxBytes) return;
      this.drop(path);
    }
  }

  /** Remembers that `url` was found to open the object at `path` until `expiresAtMs`. */
  rememberLink(url: string, path: string, expiresAtMs: number): void {
    this.links.delete(url);
    this.links.set(url, { path, expiresAtMs });
    if (this.links.size <= this.limits.maxLinks) return;
    const [oldest] = this.links.keys();
    this.links.delete(oldest!);
  }

  private drop(path: string): void {
    const file = this.files.get(path);
    if (!file) return;
    this.files.delete(path);
    this.heldBytes -= file.size();
  }
}
