import { Version } from '../../kernel/terraform/version.js';

const BUILD = /^[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*$/;
const MAX_LENGTH = 128;

/** A version as an upstream writes it. Build metadata is part of its identity, not of its order. */
export interface UpstreamVersion {
  /** The exact text of the upstream; this is what is stored and asked for. */
  readonly text: string;
  /** What decides about order and filters. */
  readonly version: Version;
}

/** Reads the canonical form, with build metadata if there is some; undefined for every other text. */
export function parseUpstreamVersion(text: unknown): UpstreamVersion | undefined {
  if (typeof text !== 'string' || text.length > MAX_LENGTH) return undefined;
  const plus = text.indexOf('+');
  const core = plus < 0 ? text : text.slice(0, plus);
  if (plus >= 0 && !BUILD.test(text.slice(plus + 1))) return undefined;
  const version = Version.tryParse(core);
  return version?.text === core ? { text, version } : undefined;
}

/** Negative when `left` is older; versions that differ in build metadata only are ordered by their text. */
export function compareUpstreamVersions(left: UpstreamVersion, right: UpstreamVersion): number {
  const order = left.version.compare(right.version);
  if (order !== 0) return order;
  return left.text === right.text ? 0 : left.text < right.text ? -1 : 1;
}
