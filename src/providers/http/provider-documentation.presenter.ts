import type {
  DocumentationOverview,
  DocumentationPage,
  ListedPage,
} from '../domain/provider-documentation.js';
import type {
  ListedProviderPageDto,
  ProviderDocumentationDto,
  ProviderPageDto,
} from './provider-documentation.dto.js';

/** The documentation of a version, without the content of its pages (REST contract 30.6). */
export function presentDocumentation(overview: DocumentationOverview): ProviderDocumentationDto {
  const { status, problems, pages } = overview;
  return { status, problems: [...problems], pages: pages.map(presentListedPage) };
}

/** One page with its content. */
export function presentPage(page: DocumentationPage): ProviderPageDto {
  return { ...presentListedPage(page), html: page.html };
}

function presentListedPage({
  kind,
  name,
  title,
  subcategory,
  description,
  path,
}: ListedPage): ListedProviderPageDto {
  return { kind, name, title, subcategory, description, path };
}
