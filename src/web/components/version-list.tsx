import type { VNode } from 'preact';
import type { VersionLife } from '../../kernel/terraform/version-life.js';
import { Link } from './link.js';
import { VersionMark } from './version-mark.js';

/** Every version of a module or provider, folded away; `page` is the address of its page. */
export function VersionList(props: {
  page: string;
  versions: readonly (Pick<VersionLife, 'state' | 'deprecatedAt'> & { readonly version: string })[];
}): VNode {
  const { page, versions } = props;
  return (
    <details>
      <summary>{`${versions.length} versions`}</summary>
      <ul>
        {versions.map(({ version, state, deprecatedAt }) => (
          <li key={version}>
            <Link href={`${page}/${version}`}>{version}</Link>{' '}
            <VersionMark state={state} deprecatedAt={deprecatedAt} />
          </li>
        ))}
      </ul>
    </details>
  );
}
