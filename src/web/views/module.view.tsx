import type { VNode } from 'preact';
import type { ModuleVersionSummary } from '../../modules/domain/module-version.js';
import type { DocumentedPart, VersionDocumentation } from '../../modules/module-documentation.service.js';
import { Facts } from '../components/facts.js';
import { Link } from '../components/link.js';
import { Markup } from '../components/markup.js';
import { Notice } from '../components/notice.js';
import { Published } from '../components/published.js';
import { VersionList } from '../components/version-list.js';
import { VersionNotices } from '../components/version-notices.js';
import { ComparisonList } from './comparison-list.js';
import { Layout, type PageFrame } from './layout.js';
import { withModulePages } from '../page-links.js';
import { ModulePartTables } from './module-part-tables.js';

/** What the page of a module version shows. */
export interface ModuleFacts {
  /** How source addresses name this registry. */
  readonly host: string;
  /** `namespace/name/system` */
  readonly address: string;
  readonly description: string | null;
  /** Where the module is developed. */
  readonly source: string | null;
  readonly downloads: number;
  /** `undefined`: nothing is published. */
  readonly version: ModuleVersionSummary | undefined;
  /** Newest first. */
  readonly versions: readonly ModuleVersionSummary[];
  readonly documentation: VersionDocumentation | null;
  /** The part that is shown; `null` before the analysis. */
  readonly shown: DocumentedPart | null;
}

/** A module version, or one of its submodules or examples: how to use it, and what it is made of. */
export function ModuleView({ frame, facts }: { frame: PageFrame; facts: ModuleFacts }): VNode {
  const { address, description, version, documentation, shown } = facts;
  const path = shown?.part.path ?? '';
  return (
    <Layout frame={frame} title={path === '' ? address : `${address} · ${path}`}>
      {description !== null && <p>{description}</p>}
      {version === undefined ? (
        <p>Nothing is published yet.</p>
      ) : (
        <>
          <VersionNotices life={version} />
          <Usage facts={facts} version={version} path={path} />
          <About facts={facts} version={version} />
          <Parts facts={facts} version={version} />
          <Analysis documentation={documentation} />
          {shown !== null && (
            <>
              {shown.readmeHtml !== '' && <Markup html={linked(shown.readmeHtml, facts, version)} />}
              <ModulePartTables part={shown.part} />
            </>
          )}
          {documentation?.comparison && <ComparisonList comparison={documentation.comparison} />}
          {documentation !== null && documentation.changelogHtml !== '' && path === '' && (
            <details>
              <summary>Changelog</summary>
              <Markup html={documentation.changelogHtml} />
            </details>
          )}
        </>
      )}
    </Layout>
  );
}

/** Links to submodules and examples lead to their pages, not to the files of the archive. */
function linked(
  html: string,
  { address, documentation }: ModuleFacts,
  version: ModuleVersionSummary,
): string {
  const parts = [...(documentation?.submodules ?? []), ...(documentation?.examples ?? [])];
  return withModulePages(html, { address, version: version.version, parts });
}

function Usage(props: { facts: ModuleFacts; version: ModuleVersionSummary; path: string }): VNode {
  const { facts, version, path } = props;
  const name = facts.address.split('/')[1] ?? 'example';
  const folder = path === '' ? '' : `//${path}`;
  return (
    <pre>
      <code>{`module "${name}" {
  source  = "${facts.host}/${facts.address}${folder}"
  version = "${version.version}"
}`}</code>
    </pre>
  );
}

function About({ facts, version }: { facts: ModuleFacts; version: ModuleVersionSummary }): VNode {
  const { source, downloads, documentation } = facts;
  const { publishedFrom } = version;
  return (
    <Facts
      facts={[
        ['Version', version.version],
        ['Published', <Published key="published" {...version} />],
        ...(publishedFrom === null
          ? []
          : [['From', `${publishedFrom.repository} ${publishedFrom.ref ?? ''}`] as const]),
        ['Downloads of all versions', String(downloads)],
        ...(documentation?.licence ? [['License', documentation.licence] as const] : []),
        ...(source === null
          ? []
          : [
              [
                'Source',
                <Link key="source" href={source}>
                  {source}
                </Link>,
              ] as const,
            ]),
        ['SHA-256', <code key="digest">{version.digest}</code>],
        [
          'All versions',
          <VersionList key="versions" page={`/modules/${facts.address}`} versions={facts.versions} />,
        ],
      ]}
    />
  );
}

function Parts({ facts, version }: { facts: ModuleFacts; version: ModuleVersionSummary }): VNode | null {
  const { documentation, address, shown } = facts;
  const groups = [
    ['Submodules', documentation?.submodules ?? []],
    ['Examples', documentation?.examples ?? []],
  ] as const;
  if (groups.every(([, paths]) => paths.length === 0)) return null;
  const page = `/modules/${address}/${version.version}`;
  return (
    <nav aria-label="Parts of the module">
      {shown !== null && shown.part.path !== '' && (
        <p>
          <Link href={page}>Root module</Link>
        </p>
      )}
      {groups.map(([label, paths]) =>
        paths.length === 0 ? null : (
          <p key={label}>
            {`${label}: `}
            {paths.map((path) => (
              <span key={path}>
                <Link href={`${page}?path=${encodeURIComponent(path)}`}>
                  {path.split('/').slice(1).join('/')}
                </Link>{' '}
              </span>
            ))}
          </p>
        ),
      )}
    </nav>
  );
}

function Analysis({ documentation }: { documentation: VersionDocumentation | null }): VNode | null {
  if (documentation === null || documentation.status === 'pending')
    return <Notice>The documentation of this version is being made.</Notice>;
  if (documentation.problems.length === 0) return null;
  return (
    <Notice isProblem>
      <p>The analysis of this version found problems:</p>
      <ul>
        {documentation.problems.map(({ file, line, message }) => (
          <li key={`${file}:${line}:${message}`}>{`${file}${line > 0 ? `:${line}` : ''} ${message}`}</li>
        ))}
      </ul>
    </Notice>
  );
}
