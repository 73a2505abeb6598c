/** The kinds of documentation pages, in the order in which lists show them. */
export const DOCUMENTATION_KINDS = [
  'index',
  'resources',
  'data-sources',
  'functions',
  'guides',
  'ephemeral-resources',
] as const;

export type DocumentationKind = (typeof DOCUMENTATION_KINDS)[number];

export type DocumentationStatus = 'pending' | 'ready' | 'failed';

/** Which page of a version: the start page is `index` of the kind `index`. */
export interface PageAddress {
  readonly kind: DocumentationKind;
  readonly name: string;
}

/** A page in lists. Texts are `""` when the author wrote none. */
export interface ListedPage extends PageAddress {
  readonly title: string;
  readonly subcategory: string;
  readonly description: string;
  /** Path of its file below the folder of the documentation, e.g. `resources/server.md`. */
  readonly path: string;
}

/** A page with its content as safe HTML. */
export interface DocumentationPage extends ListedPage {
  readonly html: string;
}

/** What is known about the documentation of a version, without the content of its pages. */
export interface DocumentationOverview {
  readonly status: DocumentationStatus;
  /** One sentence each, for the author. */
  readonly problems: readonly string[];
  readonly pages: readonly ListedPage[];
}
