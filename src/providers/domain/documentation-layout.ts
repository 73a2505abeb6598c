import { DOCUMENTATION_KINDS, type DocumentationKind, type PageAddress } from './provider-documentation.js';

/** A file of an archive that is a page. */
export interface PageFile extends PageAddress {
  /** Path in the archive. */
  readonly file: string;
  /** Path below the folder of the documentation. */
  readonly path: string;
}

/** Where the documentation is in an archive, and its pages by kind and name. */
export interface DocumentationLayout {
  /** With a slash at its end; `""` is the top of the archive. */
  readonly root: string;
  readonly pages: readonly PageFile[];
  /** One sentence for each page that was left out. */
  readonly problems: readonly string[];
}

const SUFFIX = /(?:\.html)?\.(?:md|markdown)$/;
const NAME = /^[0-9A-Za-z_][0-9A-Za-z._-]{0,127}$/;
/** Where pages of a kind are; the short names are those of old provider websites. */
const FOLDERS: ReadonlyMap<string, DocumentationKind> = new Map([
  ['resources', 'resources'],
  ['r', 'resources'],
  ['data-sources', 'data-sources'],
  ['d', 'data-sources'],
  ['functions', 'functions'],
  ['guides', 'guides'],
  ['ephemeral-resources', 'ephemeral-resources'],
]);
const LEGACY_ADDRESS = /^(?:docs\/)?providers\/[^/]+\//;

/**
 * Finds the pages among the files of an archive: below `docs/` or `website/docs/`, with or without a folder around
 * them, or at its top. Everything else is passed over, translations to other languages (`cdktf/`) too.
 */
export function readDocumentationLayout(files: readonly string[]): DocumentationLayout {
  const top = singleTopFolder(files);
  const around = top === undefined ? [''] : ['', `${top}/`];
  const roots = [...around.flatMap((folder) => [`${folder}docs/`, `${folder}website/docs/`]), ...around];
  for (const root of roots) {
    const layout = pagesBelow(root, files);
    if (layout.pages.length > 0) return layout;
  }
  return { root: '', pages: [], problems: [] };
}

/**
 * The page that a path below the folder of the documentation names, as links do: with or without an ending, or as an
 * address of old provider websites (`docs/providers/aws/r/instance.html`).
 */
export function pageAddressOf(path: string): PageAddress | undefined {
  const plain = path
    .replace(LEGACY_ADDRESS, '')
    .replace(SUFFIX, '')
    .replace(/\.html$/, '');
  if (plain === 'index' || plain === '') return { kind: 'index', name: 'index' };
  const [folder = '', name, ...deeper] = plain.split('/');
  const kind = FOLDERS.get(folder);
  if (kind === undefined || name === undefined || deeper.length > 0 || !NAME.test(name)) return undefined;
  return { kind, name };
}

function pagesBelow(root: string, files: readonly string[]): DocumentationLayout {
  const pages = new Map<string, PageFile>();
  const problems: string[] = [];
  for (const file of [...files].sort()) {
    const path = file.slice(root.length);
    if (!file.startsWith(root) || !SUFFIX.test(path) || LEGACY_ADDRESS.test(path)) continue;
    const address = pageAddressOf(path);
    if (address === undefined) {
      const [folder = '', ...names] = path.split('/');
      if (FOLDERS.has(folder) && names.length === 1) {
        problems.push(`${path} was left out: use letters, digits, dots, dashes and underscores in its name`);
      }
      continue;
    }
    const key = `${address.kind}/${address.name}`;
    const other = pages.get(key);
    if (other) problems.push(`${path} was left out: ${other.path} is the same page`);
    else pages.set(key, { ...address, file, path });
  }
  return { root, pages: [...pages.values()].sort(byKindAndName), problems };
}

function byKindAndName(left: PageFile, right: PageFile): number {
  const kinds = DOCUMENTATION_KINDS.indexOf(left.kind) - DOCUMENTATION_KINDS.indexOf(right.kind);
  return kinds || (left.name < right.name ? -1 : 1);
}

function singleTopFolder(files: readonly string[]): string | undefined {
  const [first = ''] = files[0]?.split('/') ?? [];
  return files.every((file) => file.startsWith(`${first}/`)) ? first : undefined;
}
