import type { VNode } from 'preact';
import type {
  DocumentationKind,
  DocumentationOverview,
  PageAddress,
} from '../../providers/domain/provider-documentation.js';
import { Link } from '../components/link.js';

const LABELS: readonly (readonly [DocumentationKind, string])[] = [
  ['guides', 'Guides'],
  ['resources', 'Resources'],
  ['data-sources', 'Data sources'],
  ['ephemeral-resources', 'Ephemeral resources'],
  ['functions', 'Functions'],
];

/** Every documentation page of a provider version, by kind. */
export function ProviderPageList(props: {
  documentation: DocumentationOverview;
  /** Address of the version. */
  start: string;
  shown: PageAddress | null;
}): VNode | null {
  const { documentation, start, shown } = props;
  if (documentation.pages.length === 0) return null;
  return (
    <nav aria-label="Documentation">
      {shown !== null && shown.kind !== 'index' && (
        <p>
          <Link href={start}>Overview</Link>
        </p>
      )}
      {LABELS.map(([kind, label]) => {
        const pages = documentation.pages.filter((page) => page.kind === kind);
        if (pages.length === 0) return null;
        return (
          <details key={kind} open={shown?.kind === kind}>
            <summary>{`${label} (${pages.length})`}</summary>
            <ul>
              {pages.map(({ name, title }) => (
                <li key={name}>
                  <Link href={`${start}/docs/${kind}/${encodeURIComponent(name)}`}>{title}</Link>
                </li>
              ))}
            </ul>
          </details>
        );
      })}
    </nav>
  );
}
