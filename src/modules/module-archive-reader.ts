import { Injectable } from '@nestjs/common';
import { DocumentationConfig } from '../config/documentation.config.js';
import { LimitsConfig } from '../config/limits.config.js';
import { type ArchiveLimits, describeBytes } from '../platform/archives/archive-limits.js';
import { readTarGz } from '../platform/archives/tar-reader.js';
import type { ModuleArchive } from './analysis-task.js';
import type { ArchiveFile } from './domain/analyzed-module.js';
import type { AnalysisProblem } from './domain/module-analysis.js';
import { moduleArchiveLimits } from './module-archive-limits.js';

const MAX_FILES = 10_000;
const CONFIGURATION = /\.(?:tf|tofu)(?:\.json)?$/;
const DOCUMENT = /^(?:readme|licen[cs]e|copying|unlicense|changelog)(?:[.-]|$)/i;
/** Folders whose folders are modules of their own, by the standard module structure. */
const FOLDERS_OF_PARTS: ReadonlySet<string> = new Set(['modules', 'examples']);

/** Reads what the documentation needs of a module archive, and single files of it. */
@Injectable()
export class ModuleArchiveReader {
  private readonly limits: ArchiveLimits;

  constructor(
    limits: LimitsConfig,
    private readonly config: DocumentationConfig,
  ) {
    this.limits = moduleArchiveLimits(limits);
  }

  /**
   * The configuration and the documents of the module in the gzip-compressed tar at `path`, without the folder around
   * it; what is too large is left out with a problem. Throws `ArchiveRejected`.
   */
  async readSources(path: string, topFolder: string | null): Promise<ModuleArchive> {
    const { maxFileBytes, maxSourceBytes } = this.config;
    const problems: AnalysisProblem[] = [];
    let total = 0;
    const wants = (entry: string, size: number): boolean => {
      const file = insideOf(topFolder, entry);
      if (file === null || !isSource(file)) return false;
      const reason =
        size > maxFileBytes
          ? `The file is larger than ${describeBytes(maxFileBytes)} and was left out`
          : total + size > maxSourceBytes
            ? `The file was left out, because the sources have more than ${describeBytes(maxSourceBytes)} together`
            : undefined;
      if (reason === undefined) total += size;
      else problems.push({ file, line: 0, message: reason });
      return reason === undefined;
    };
    const listing = await readTarGz(path, this.limits, wants);
    const sources = new Map<string, string>();
    for (const [entry, bytes] of listing.contents) {
      const file = insideOf(topFolder, entry);
      if (file === null) continue;
      if (bytes.includes(0))
        problems.push({ file, line: 0, message: 'The file is not text and was left out' });
      else sources.set(file, new TextDecoder('utf-8').decode(bytes));
    }
    return { sources, files: this.filesOf(listing.entries, topFolder), problems };
  }

  /** The content of one file of the module; `null` when there is none. Throws `ArchiveRejected`. */
  async readFile(path: string, topFolder: string | null, file: string): Promise<Buffer | null> {
    const name = topFolder === null ? file : `${topFolder}/${file}`;
    const { contents } = await readTarGz(
      path,
      this.limits,
      (entry, size) => entry === name && size <= this.config.maxFileBytes,
    );
    return contents.get(name) ?? null;
  }

  private filesOf(
    entries: readonly { name: string; type: string; size: number }[],
    topFolder: string | null,
  ): ArchiveFile[] {
    const files: ArchiveFile[] = [];
    for (const { name, type, size } of entries) {
      const path = type === 'file' && size <= this.config.maxFileBytes ? insideOf(topFolder, name) : null;
      if (path !== null && files.length < MAX_FILES) files.push({ path, size });
    }
    return files;
  }
}

/** The name of an entry inside the module; `null` for what is outside of it. */
function insideOf(topFolder: string | null, entry: string): string | null {
  if (topFolder === null) return entry;
  return entry.startsWith(`${topFolder}/`) ? entry.slice(topFolder.length + 1) : null;
}

function isSource(path: string): boolean {
  const [first = '', second, third, ...deeper] = path.split('/');
  const isInPart = third !== undefined && deeper.length === 0 && FOLDERS_OF_PARTS.has(first);
  if (second !== undefined && !isInPart) return false;
  const file = third ?? first;
  return CONFIGURATION.test(file) || DOCUMENT.test(file);
}
