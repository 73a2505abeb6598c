import type { VNode } from 'preact';
import type { VersionComparison } from '../../modules/domain/version-comparison.js';

/** What changed since the version before, and whether the number says so. */
export function ComparisonList({ comparison }: { comparison: VersionComparison }): VNode {
  const { from, to, changes, verdict } = comparison;
  return (
    <section aria-labelledby="changes">
      <h2 id="changes">{`Changes from ${from} to ${to}`}</h2>
      <p>
        {verdict.ok
          ? `The version number says what the change is (${verdict.declared}).`
          : `The change is a ${verdict.needed} one, the version number says ${verdict.declared}.`}
      </p>
      <ul>
        {changes.map(({ kind, name, detail, breaking }) => (
          <li key={`${kind}:${name}:${detail}`}>
            {detail}
            {breaking && <span class="tag">breaking</span>}
          </li>
        ))}
      </ul>
    </section>
  );
}
