import type { VNode } from 'preact';
import type { VersionLife } from '../../kernel/terraform/version-life.js';

/** What is special about a version, in a word or two; nothing for an ordinary one. */
export function VersionMark({
  state,
  deprecatedAt,
}: Pick<VersionLife, 'state' | 'deprecatedAt'>): VNode | null {
  const words = [...(state === 'active' ? [] : [state]), ...(deprecatedAt === null ? [] : ['deprecated'])];
  return words.length === 0 ? null : <span class="tag">{words.join(', ')}</span>;
}
