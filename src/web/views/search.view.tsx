import type { VNode } from 'preact';
import type { SearchFacet, SearchHit, SearchPage } from '../../search/search-request.js';
import { Link } from '../components/link.js';
import { Moment } from '../components/moment.js';
import { SearchForm } from '../components/search-form.js';
import { Layout, type PageFrame } from './layout.js';

/** What somebody looks for; empty values are left out of addresses. */
export interface SearchWishes {
  readonly q: string;
  readonly type: string;
  readonly namespace: string;
  readonly system: string;
  readonly provider: string;
}

/** What the search page shows. */
export interface SearchFacts {
  readonly wishes: SearchWishes;
  readonly page: SearchPage;
}

/** Modules and providers that fit, with ways to narrow the search. */
export function SearchView({ frame, facts }: { frame: PageFrame; facts: SearchFacts }): VNode {
  const { wishes, page } = facts;
  const { hits, total, isTotalCapped, nextCursor, facets } = page;
  return (
    <Layout frame={frame} title="Modules and providers">
      <SearchForm q={wishes.q} />
      <p role="status">{`${isTotalCapped ? 'More than ' : ''}${total} found`}</p>
      <Narrowed wishes={wishes} />
      {facets && (
        <nav aria-label="Narrow the search">
          <FacetLinks name="type" label="Kind" facet={facets.kind} wishes={wishes} />
          <FacetLinks name="namespace" label="Namespace" facet={facets.namespace} wishes={wishes} />
          <FacetLinks name="system" label="System" facet={facets.system} wishes={wishes} />
          <FacetLinks name="provider" label="Needs provider" facet={facets.provider} wishes={wishes} />
        </nav>
      )}
      <ul class="cards">
        {hits.map((hit) => (
          <HitCard key={hit.id} hit={hit} />
        ))}
      </ul>
      {nextCursor !== undefined && (
        <p>
          <Link href={addressOf(wishes, { cursor: nextCursor })} class="button second">
            More
          </Link>
        </p>
      )}
    </Layout>
  );
}

function HitCard({ hit }: { hit: SearchHit }): VNode {
  const { kind, namespace, name, system, description, latestVersion, latestPublishedAt, downloads } = hit;
  const address = system === null ? `${namespace}/${name}` : `${namespace}/${name}/${system}`;
  return (
    <li>
      <h2 class="hit">
        <Link href={`/${kind}s/${address}`}>{address}</Link>
      </h2>
      {description !== null && <p>{description}</p>}
      <p class="hint">
        {kind === 'module' ? 'Module' : 'Provider'}
        {latestVersion === '' ? ', nothing published' : `, ${latestVersion}`}
        {latestPublishedAt === null ? null : (
          <span>
            {' of '}
            <Moment at={latestPublishedAt} />
          </span>
        )}
        {`, ${downloads} downloads`}
        {hit.verified && <span class="tag">verified</span>}
        {hit.deprecated && <span class="tag">deprecated</span>}
      </p>
    </li>
  );
}

function FacetLinks(props: {
  name: keyof SearchWishes;
  label: string;
  facet: SearchFacet;
  wishes: SearchWishes;
}): VNode | null {
  const { name, label, facet, wishes } = props;
  if (facet.length < 2 || wishes[name] !== '') return null;
  return (
    <p class="facet">
      {`${label}: `}
      {facet.map(({ value, count }) => (
        <span key={value}>
          <Link href={addressOf({ ...wishes, [name]: value })}>{value}</Link>
          {` (${count}) `}
        </span>
      ))}
    </p>
  );
}

function Narrowed({ wishes }: { wishes: SearchWishes }): VNode | null {
  const { q: _, ...filters } = wishes;
  const chosen = Object.entries(filters).filter(([, value]) => value !== '');
  if (chosen.length === 0) return null;
  return (
    <p>
      {'Only '}
      {chosen.map(([name, value]) => (
        <span key={name} class="tag">
          {`${name} ${value}`}
        </span>
      ))}
      <Link href={addressOf({ type: '', namespace: '', system: '', provider: '', q: wishes.q })}>
        Show all
      </Link>
    </p>
  );
}

function addressOf(wishes: SearchWishes, more: Readonly<Record<string, string>> = {}): string {
  const query = new URLSearchParams(
    Object.entries({ ...wishes, ...more }).filter(([, value]) => value !== ''),
  );
  return `/search?${query.toString()}`;
}
