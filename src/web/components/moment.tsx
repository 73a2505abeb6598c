import type { VNode } from 'preact';

/** A time for humans, in UTC to the minute, and for machines. */
export function Moment({ at }: { at: Date }): VNode {
  const iso = at.toISOString();
  return <time dateTime={iso}>{`${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`}</time>;
}
