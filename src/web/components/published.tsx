import type { VNode } from 'preact';
import type { VersionLife } from '../../kernel/terraform/version-life.js';
import { Moment } from './moment.js';

/** When a version was published, and by whom. */
export function Published({
  publishedAt,
  publishedByName,
}: Pick<VersionLife, 'publishedAt' | 'publishedByName'>): VNode {
  return (
    <>
      <Moment at={publishedAt} />
      {publishedByName === null ? '' : ` by ${publishedByName}`}
    </>
  );
}
