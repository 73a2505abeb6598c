import { open } from 'node:fs/promises';
import { Injectable } from '@nestjs/common';
import { DocumentationConfig } from '../config/documentation.config.js';
import { type ArchiveLimits, describeBytes, HEADER_LIMITS } from '../platform/archives/archive-limits.js';
import { ArchiveRejected } from '../platform/archives/archives.errors.js';
import { readTarGz } from '../platform/archives/tar-reader.js';
import { readZip } from '../platform/archives/zip-reader.js';
import { type DocumentationLayout, readDocumentationLayout } from './domain/documentation-layout.js';
import { InvalidProviderDocumentation } from './domain/providers.errors.js';

export type DocumentationFormat = 'zip' | 'tar.gz';

/** What was read of an archive: its layout, and the texts of its pages by their paths in the archive. */
export interface DocumentationSources extends DocumentationLayout {
  readonly texts: ReadonlyMap<string, string>;
}

const MIB = 1024 * 1024;
const TIMEOUT_MS = 60_000;
const MAX_ENTRIES = 100_000;
/** Pictures and translations may be many times what is read. */
const MAX_UNPACKED_BYTES = 512 * MIB;
const PAGE = /\.(?:md|markdown)$/;

/** Reads documentation archives of providers: a zip or a gzip-compressed tar. */
@Injectable()
export class DocumentationArchive {
  private readonly limits: ArchiveLimits;

  constructor(private readonly config: DocumentationConfig) {
    this.limits = {
      ...HEADER_LIMITS,
      maxPackedBytes: config.providerMaxArchiveBytes,
      maxUnpackedBytes: MAX_UNPACKED_BYTES,
      maxEntries: MAX_ENTRIES,
      timeoutMs: TIMEOUT_MS,
    };
  }

  /** Makes sure that the file at `path` can be read and has a page. Throws {@link InvalidProviderDocumentation}. */
  async inspect(path: string): Promise<DocumentationFormat> {
    const format = await formatOf(path);
    const { names } = await this.read(path, format, () => false);
    if (readDocumentationLayout(names).pages.length === 0) {
      throw new InvalidProviderDocumentation(
        'there is no page in it; pack the folder docs/ with index.md, resources/, data-sources/, functions/, guides/ or ephemeral-resources/',
      );
    }
    return format;
  }

  /** The pages of an archive; what breaks a limit is left out with a problem. Throws {@link InvalidProviderDocumentation}. */
  async readPages(path: string): Promise<DocumentationSources> {
    const { providerMaxPages, providerMaxPageBytes, maxSourceBytes } = this.config;
    const format = await formatOf(path);
    const { names } = await this.read(path, format, () => false);
    const layout = readDocumentationLayout(names);
    const problems = [...layout.problems];
    const wanted = new Map(layout.pages.slice(0, providerMaxPages).map((page) => [page.file, page]));
    if (layout.pages.length > providerMaxPages) {
      problems.push(
        `${layout.pages.length - providerMaxPages} pages were left out: at most ${providerMaxPages} are shown`,
      );
    }
    let total = 0;
    const { contents } = await this.read(path, format, (name, size) => {
      const page = wanted.get(name);
      if (page === undefined) return false;
      const isTooLarge = size > providerMaxPageBytes;
      if (isTooLarge || total + size > maxSourceBytes) {
        const limit = isTooLarge
          ? `it is larger than ${describeBytes(providerMaxPageBytes)}`
          : `all pages together have more than ${describeBytes(maxSourceBytes)}`;
        problems.push(`${page.path} was left out: ${limit}`);
        return false;
      }
      total += size;
      return true;
    });
    const texts = new Map<string, string>();
    for (const [name, bytes] of contents) {
      if (bytes.includes(0)) problems.push(`${wanted.get(name)!.path} was left out: it is not text`);
      else texts.set(name, new TextDecoder('utf-8').decode(bytes));
    }
    return { ...layout, pages: layout.pages.filter(({ file }) => texts.has(file)), problems, texts };
  }

  /** The names of all files that may be pages, and the contents that are wanted. */
  private async read(
    path: string,
    format: DocumentationFormat,
    wants: (name: string, size: number) => boolean,
  ): Promise<{ names: string[]; contents: ReadonlyMap<string, Buffer> }> {
    try {
      if (format === 'zip') {
        const { entries, contents } = await readZip(path, this.limits, { wants, allowDirectories: true });
        return { names: entries.map(({ name }) => name).filter((name) => PAGE.test(name)), contents };
      }
      const { entries, contents } = await readTarGz(path, this.limits, wants);
      const files = entries.filter(({ type, name }) => type === 'file' && PAGE.test(name));
      return { names: files.map(({ name }) => name), contents };
    } catch (error) {
      if (error instanceof ArchiveRejected)
        throw new InvalidProviderDocumentation(error.message, { cause: error });
      throw error;
    }
  }
}

async function formatOf(path: string): Promise<DocumentationFormat> {
  const file = await open(path, 'r');
  try {
    const start = Buffer.alloc(2);
    await file.read(start, 0, 2, 0);
    if (start.equals(Buffer.from('PK'))) return 'zip';
    if (start.equals(Buffer.from([0x1f, 0x8b]))) return 'tar.gz';
    throw new InvalidProviderDocumentation('it is neither a zip nor a gzip-compressed tar');
  } finally {
    await file.close();
  }
}
