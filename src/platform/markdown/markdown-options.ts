import type { ArchivePath } from './archive-path.js';

/** Where a document stands and what its relative addresses become. */
export interface MarkdownOptions {
  /** Folder of the document inside its archive; `""` is the top. */
  readonly base?: string;
  /** Address of a relative link, already resolved to a path that stays in the archive; `null` leaves the text only. */
  readonly link: (place: ArchivePath) => string | null;
  /** Address of a relative image, as `link`; `null` leaves its alternative text. */
  readonly image: (place: ArchivePath) => string | null;
}
