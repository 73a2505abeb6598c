import type { VNode } from 'preact';
import type {
  DocumentationOverview,
  DocumentationPage,
} from '../../providers/domain/provider-documentation.js';
import type { CountedRelease } from '../../providers/provider-catalog.service.js';
import { Facts } from '../components/facts.js';
import { Link } from '../components/link.js';
import { Markup } from '../components/markup.js';
import { Notice } from '../components/notice.js';
import { Published } from '../components/published.js';
import { Table } from '../components/table.js';
import { VersionList } from '../components/version-list.js';
import { VersionNotices } from '../components/version-notices.js';
import { withProviderPages } from '../page-links.js';
import { Layout, type PageFrame } from './layout.js';
import { ProviderPageList } from './provider-page-list.js';

/** What the page of a provider version shows. */
export interface ProviderFacts {
  /** How source addresses name this registry. */
  readonly host: string;
  /** `namespace/type` */
  readonly address: string;
  readonly description: string | null;
  readonly source: string | null;
  readonly downloads: number;
  /** `undefined`: nothing is published. */
  readonly release: CountedRelease | undefined;
  /** Newest first. */
  readonly releases: readonly CountedRelease[];
  /** `null`: the version came without documentation. */
  readonly documentation: DocumentationOverview | null;
  /** The documentation page that is shown. */
  readonly page: DocumentationPage | null;
}

/** A provider version: how to use it, its platforms, and its documentation page by page. */
export function ProviderView({ frame, facts }: { frame: PageFrame; facts: ProviderFacts }): VNode {
  const { address, description, release, documentation, page } = facts;
  const isStart = page === null || page.kind === 'index';
  return (
    <Layout frame={frame} title={isStart ? address : `${page.title} · ${address}`}>
      {description !== null && isStart && <p>{description}</p>}
      {release === undefined ? (
        <p>Nothing is published yet.</p>
      ) : (
        <>
          <VersionNotices life={release.version} />
          {isStart && <About facts={facts} release={release} />}
          {documentation !== null && (
            <ProviderPageList
              documentation={documentation}
              start={`/providers/${address}/${release.version.version}`}
              shown={page}
            />
          )}
          {documentation?.status === 'pending' && (
            <Notice>The documentation of this version is being made.</Notice>
          )}
          {page !== null && (
            <Markup html={withProviderPages(page.html, { address, version: release.version.version })} />
          )}
        </>
      )}
    </Layout>
  );
}

function About({ facts, release }: { facts: ProviderFacts; release: CountedRelease }): VNode {
  const { host, address, source, downloads } = facts;
  const { version, packages } = release;
  const type = address.split('/')[1] ?? 'example';
  return (
    <>
      <pre>
        <code>{`terraform {
  required_providers {
    ${type} = {
      source  = "${host}/${address}"
      version = "${version.version}"
    }
  }
}`}</code>
      </pre>
      <Facts
        facts={[
          ['Version', version.version],
          ['Published', <Published key="published" {...version} />],
          ['Signed by', version.signedBy === 'publisher' ? 'its publisher' : 'this registry'],
          ['Key', <code key="key">{version.signingKeyFingerprint}</code>],
          ['Protocols', version.protocols.join(', ')],
          ['Downloads of all versions', String(downloads)],
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
          [
            'All versions',
            <VersionList
              key="versions"
              page={`/providers/${address}`}
              versions={facts.releases.map((one) => one.version)}
            />,
          ],
        ]}
      />
      <details>
        <summary>{`${packages.length} platforms`}</summary>
        <Table
          label="Platforms"
          columns={['Platform', 'File', 'SHA-256']}
          rows={packages.map(({ os, arch, filename, digest }) => [
            `${os}/${arch}`,
            filename,
            <code key="digest">{digest}</code>,
          ])}
        />
      </details>
    </>
  );
}
