const PRINTABLE = /^[\x21-\x7e]{1,40}$/;
const RELEASE = /^(\d{1,2}\.\d{1,2}\.\d{1,2})(?:-(alpha|beta|rc|dev)[0-9.]{0,12})?$/;
const OPEN_TOFU = 'opentofu/';

/** What counts as a client that says something unusual, and as one too many. */
export const OTHER_CLIENT = 'other';

/** No `X-Terraform-Version` at all. */
const NONE = '-';
const UNUSABLE = '?';

/**
 * The client of a download as one short word of ASCII for the spool: `1.11.4`, or `opentofu/1.9.0`. What is not
 * known is `-`, what is no version `?`.
 */
export function clientWord(version: string | undefined, isOpenTofu: boolean): string {
  if (version === undefined) return NONE;
  if (!PRINTABLE.test(version)) return UNUSABLE;
  return isOpenTofu ? OPEN_TOFU + version : version;
}

/** The version as the client sent it; `null` for none. */
export function sentVersion(word: string): string | null {
  if (word === NONE || word === UNUSABLE) return null;
  return word.startsWith(OPEN_TOFU) ? word.slice(OPEN_TOFU.length) : word;
}

/**
 * The name under which downloads of a client are added up: `terraform 1.11.4`, `opentofu 1.9.0`, `terraform
 * 1.14.0-beta` for all its betas, {@link OTHER_CLIENT}, or empty when it is not known.
 */
export function clientName(word: string): string {
  if (word === NONE) return '';
  const [, release, stage] = RELEASE.exec(sentVersion(word) ?? '') ?? [];
  if (release === undefined) return OTHER_CLIENT;
  const product = word.startsWith(OPEN_TOFU) ? 'opentofu' : 'terraform';
  return `${product} ${release}${stage === undefined ? '' : `-${stage}`}`;
}
