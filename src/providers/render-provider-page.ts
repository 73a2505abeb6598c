import { oneLine } from '../kernel/one-line.js';
import type { ArchivePath } from '../platform/markdown/archive-path.js';
import { readFrontMatter } from '../platform/markdown/front-matter.js';
import { documentId } from '../platform/markdown/markdown-links.js';
import { renderMarkdown } from '../platform/markdown/render-markdown.js';
import { pageAddressOf, type PageFile } from './domain/documentation-layout.js';
import type { DocumentationPage } from './domain/provider-documentation.js';

const MAX_TITLE = 300;
const MAX_SUBCATEGORY = 100;
const MAX_DESCRIPTION = 4000;
const FIRST_HEADING = /^#[ \t]+(.+?)[ \t]*#*$/m;

/** Where a page stands: the folder of the documentation in the archive, the other pages, and where pages are served. */
export interface PageSurroundings {
  /** With a slash at its end; `""` is the top of the archive. */
  readonly root: string;
  /** Every page as `kind/name`. */
  readonly pages: ReadonlySet<string>;
  /** Address under which `kind/name` is served, e.g. `/api/v1/providers/acme/cloud/versions/1.0.0/docs`. */
  readonly url: string;
}

/** A page and its Markdown. */
export interface PageSource {
  readonly page: PageFile;
  readonly text: string;
}

/** Pages for the thread that renders them; plain data. */
export interface PageTask {
  readonly pages: readonly PageSource[];
  readonly surroundings: PageSurroundings;
}

/** A page of a provider as safe HTML, with what its head says. Links to other pages become their addresses. */
export function renderProviderPage(
  page: PageFile,
  text: string,
  surroundings: PageSurroundings,
): DocumentationPage {
  const { values, body } = readFrontMatter(text);
  const said = (name: string, maxLength: number): string => textOf(values[name]).slice(0, maxLength);
  const html = renderMarkdown(body, {
    base: page.file.includes('/') ? page.file.slice(0, page.file.lastIndexOf('/')) : '',
    link: (place) => addressOf(place, surroundings),
    image: () => null,
  });
  return {
    kind: page.kind,
    name: page.name,
    title:
      said('page_title', MAX_TITLE) || textOf(FIRST_HEADING.exec(body)?.[1]).slice(0, MAX_TITLE) || page.name,
    subcategory: said('subcategory', MAX_SUBCATEGORY),
    description: said('description', MAX_DESCRIPTION),
    path: page.path,
    html,
  };
}

function addressOf({ path, fragment }: ArchivePath, { root, pages, url }: PageSurroundings): string | null {
  const inside = `${path}/`.startsWith(root) ? path.slice(root.length) : path;
  const address = pageAddressOf(inside);
  const key = address && `${address.kind}/${address.name}`;
  if (key === undefined || !pages.has(key)) return null;
  return `${url}/${key}${fragment === '' ? '' : `#${documentId(fragment)}`}`;
}

function textOf(value: unknown): string {
  const text = typeof value === 'string' || typeof value === 'number' ? String(value) : '';
  return oneLine(text).replaceAll(/\s+/gu, ' ');
}
