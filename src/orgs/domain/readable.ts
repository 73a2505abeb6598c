/**
 * Which rows a list or search may show to a caller (REST contract 3.6), as facts that a query can filter by. A row
 * is shown when its owner is public (`visibility = 'public'`, or none and {@link isServerOpen}), or when its owner is
 * one of {@link organizations} and its namespace one of {@link namespaces}.
 */
export interface Readable {
  /** Organizations without a visibility of their own are public. */
  readonly isServerOpen: boolean;
  /** Ids of the organizations where the caller holds the scope. */
  readonly organizations: 'all' | readonly string[];
  /** The folded names of the only namespaces in which an exchanged token may act; `null`: no such limit. */
  readonly namespaces: readonly string[] | null;
}
