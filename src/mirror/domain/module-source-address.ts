import type { GitArchives } from './git-archives.js';
import { printable } from './printable.js';

/** What an address of a module says, as an archive that can be fetched over HTTP. */
export interface ModuleSourceAddress {
  /** Without what is for clients only. Whether it may be asked is decided by others. */
  readonly url: URL;
  readonly format: 'tar.gz' | 'zip';
  /** See `ModuleSource.folder`. */
  readonly folder: string;
  /** SHA-256 of the archive, 64 lower-case hex digits. */
  readonly digest?: string;
  /** Lower-case hex. */
  readonly commit?: string;
}

/** Why an address cannot be fetched, to end a sentence. */
export interface UnreadableAddress {
  readonly reason: string;
}

const MAX_LENGTH = 8192;
const PRINTABLE = /^[\x21-\x7e]+$/;
const FORCED = /^([A-Za-z0-9]+)::(.*)$/;
const HEX_64 = /^[0-9a-f]{64}$/;
const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
const ARCHIVE_KINDS: Readonly<Record<string, 'tar.gz' | 'zip'>> = {
  'tar.gz': 'tar.gz',
  tgz: 'tar.gz',
  zip: 'zip',
};
const SUFFIX = /\.(tar\.gz|tgz|zip)$/;
/** What clients take for a repository of a well-known host when nothing stands before it. */
const SHORTHAND = /^(github\.com|gitlab\.com|bitbucket\.org)\/([^/]+)\/([^/]+)(?:\/(.*))?$/;
/** `user@host:path`, as git writes it. */
const SCP = /^([A-Za-z0-9_-]+)@([A-Za-z0-9.-]+):(?!\/\/)(.+)$/;
const REPOSITORY_PART = /^[A-Za-z0-9_~-][A-Za-z0-9._~-]{0,99}$/;
const REF_PART = /^[A-Za-z0-9_@+][A-Za-z0-9._@+-]{0,99}$/;
const MAX_REPOSITORY_PARTS = 20;

const WHAT_DOES =
  'give an https address of a .tar.gz, .tgz or .zip, or a git repository of a host that mirror.git_archives knows';

/**
 * Reads what `X-Terraform-Get` says (the syntax of go-getter), relative to the address `asked`: an archive, or a git
 * repository whose host gives archives. Pure, and never throws: text of an upstream is hostile.
 */
export function readModuleSource(
  text: string,
  asked: URL,
  archives: GitArchives,
): ModuleSourceAddress | UnreadableAddress {
  if (text.length > MAX_LENGTH) return { reason: `it is longer than ${MAX_LENGTH} characters` };
  if (!PRINTABLE.test(text)) return { reason: 'it is empty or has characters that addresses do not have' };
  if (/^(?:\/|\.\/|\.\.\/)/.test(text)) {
    return URL.canParse(text, asked) ? readAbsolute(new URL(text, asked).href, archives) : unusable(text);
  }
  return readAbsolute(text, archives);
}

function readAbsolute(text: string, archives: GitArchives): ModuleSourceAddress | UnreadableAddress {
  const [, forced = '', rest = text] = FORCED.exec(text) ?? [];
  const { address, folder, query } = split(rest);
  const clean = cleanFolder(folder);
  if (clean === undefined) {
    return { reason: `the folder ${printable(folder)} is no folder inside of the archive` };
  }
  const getter = forced.toLowerCase();
  const parts = { address, folder: clean, query, text: rest };
  if (getter === 'git' || (getter === '' && isRepository(address))) return readGit(parts, archives);
  if (getter === '' || getter === 'http' || getter === 'https') return readArchive(parts);
  return { reason: `${printable(`${forced}::`)} is not supported; ${WHAT_DOES}` };
}

/** An address taken apart: `address//folder?query`. */
interface AddressParts {
  readonly address: string;
  readonly folder: string;
  /** `name=value` as they stand there. */
  readonly query: readonly string[];
  /** All of it, for sentences. */
  readonly text: string;
}

function readArchive({
  address,
  folder,
  query,
  text,
}: AddressParts): ModuleSourceAddress | UnreadableAddress {
  if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) return unusable(text);
  const kept = query.filter((pair) => !['archive', 'checksum'].includes(nameOf(pair)));
  const url = new URL(kept.length === 0 ? address : `${address}?${kept.join('&')}`);
  if (url.username !== '' || url.password !== '') {
    return { reason: 'it has a user name or password; the archive has to be readable without' };
  }
  const kind = firstOf(query, 'archive') ?? SUFFIX.exec(url.pathname)?.[1] ?? '';
  const format = Object.hasOwn(ARCHIVE_KINDS, kind) ? ARCHIVE_KINDS[kind] : undefined;
  if (format === undefined) return { reason: `it is no .tar.gz, .tgz or .zip; ${WHAT_DOES}` };
  url.hash = '';
  const checksum = firstOf(query, 'checksum');
  if (checksum === undefined) return { url, format, folder };
  const digest = checksum.replace(/^sha256:/i, '').toLowerCase();
  if (!HEX_64.test(digest)) {
    return { reason: `its checksum ${printable(checksum)} is no SHA-256; checksums are verified or refused` };
  }
  return { url, format, folder, digest };
}

function readGit(
  { address, folder, query, text }: AddressParts,
  archives: GitArchives,
): ModuleSourceAddress | UnreadableAddress {
  const found = repositoryOf(address);
  if (found === undefined) return unusable(text);
  if (typeof found === 'string') return { reason: found };
  const unknown = query.map(nameOf).find((name) => name !== '' && name !== 'ref' && name !== 'depth');
  if (unknown !== undefined) return { reason: `its parameter ${printable(unknown)} is not supported` };
  const ref = firstOf(query, 'ref') || 'HEAD';
  if (!isHarmless(ref, REF_PART)) {
    return { reason: `its ref ${printable(ref)} is no plain name of a branch, tag or commit` };
  }
  const below = cleanFolder(folder === '' ? found.folder : folder);
  const archive = archives.addressOf({ ...found, ref });
  if (archive === undefined) {
    return {
      reason: `it is a git repository of ${printable(found.host)}; add where this host gives archives to mirror.git_archives`,
    };
  }
  if (below === undefined || !URL.canParse(archive)) return unusable(text);
  const url = new URL(archive);
  return {
    url,
    format: url.pathname.endsWith('.zip') ? 'zip' : 'tar.gz',
    folder: below === '' || below === '*' ? '*' : `*/${below}`,
    ...(COMMIT.test(ref.toLowerCase()) && { commit: ref.toLowerCase() }),
  };
}

interface Repository {
  readonly host: string;
  readonly owner: string;
  readonly repository: string;
  /** Folder that shorthand may name without a double slash. */
  readonly folder: string;
}

function isRepository(address: string): boolean {
  return SHORTHAND.test(address) || SCP.test(address) || /^ssh:\/\//i.test(address);
}

/** The repository, a reason why it is none, or undefined when the text is nothing at all. */
function repositoryOf(address: string): Repository | string | undefined {
  const [, short, owner, name, more = ''] = SHORTHAND.exec(address) ?? [];
  if (short !== undefined) return repository(short, `${owner}/${name}`, more);
  const [, , scpHost, scpPath] = SCP.exec(address) ?? [];
  if (scpHost !== undefined) return repository(scpHost, scpPath ?? '');
  if (!/^(?:https?|ssh):\/\//i.test(address) || !URL.canParse(address)) return undefined;
  const { protocol, host, hostname, username, password, pathname } = new URL(address);
  const isSsh = protocol === 'ssh:';
  if (password !== '' || (username !== '' && !isSsh)) {
    return 'it has a user name or password; the repository has to be readable without';
  }
  return repository(isSsh ? hostname : host, pathname.slice(1));
}

function repository(host: string, path: string, folder = ''): Repository | string {
  const parts = path
    .replace(/\/$/, '')
    .replace(/\.git$/, '')
    .split('/');
  const isPlain = parts.length >= 2 && parts.length <= MAX_REPOSITORY_PARTS;
  if (!isPlain || !parts.every((part) => isHarmless(part, REPOSITORY_PART))) {
    return `${printable(path)} is no owner and repository`;
  }
  return {
    host: host.toLowerCase(),
    owner: parts.slice(0, -1).join('/'),
    repository: parts.at(-1) ?? '',
    folder,
  };
}

/** Whether every folder of the path is of this form, and none leads elsewhere. */
function isHarmless(path: string, part: RegExp): boolean {
  return path.split('/').every((one) => part.test(one) && !one.includes('..') && !one.endsWith('.'));
}

/** Splits at the first `//` that is not behind a scheme, as clients do. */
function split(text: string): { address: string; folder: string; query: readonly string[] } {
  const at = text.indexOf('?');
  const path = at < 0 ? text : text.slice(0, at);
  const query =
    at < 0
      ? []
      : text
          .slice(at + 1)
          .replace(/#.*$/, '')
          .split('&');
  const scheme = path.indexOf('://');
  const start = scheme < 0 ? 0 : scheme + 3;
  const double = path.indexOf('//', start);
  return double < 0
    ? { address: path, folder: '', query }
    : { address: path.slice(0, double), folder: path.slice(double + 2), query };
}

/** Without slashes at its ends; undefined when it leaves the archive or has wildcards other than a first `*`. */
function cleanFolder(folder: string): string | undefined {
  const parts = folder.split('/').filter((part) => part !== '' && part !== '.');
  const [first, ...others] = parts;
  const isWild = (part: string): boolean => /[*?[\]\\{}]/.test(part);
  const leadsElsewhere = parts.includes('..') || others.some(isWild);
  return leadsElsewhere || (first !== undefined && first !== '*' && isWild(first))
    ? undefined
    : parts.join('/');
}

function nameOf(pair: string): string {
  return decoded(pair.split('=', 1)[0] ?? '');
}

/** The value of a parameter; of several the first, undefined when there is none. */
function firstOf(query: readonly string[], name: string): string | undefined {
  const pair = query.find((one) => nameOf(one) === name);
  return pair === undefined ? undefined : decoded(pair.slice(pair.indexOf('=') + 1 || pair.length));
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}

function unusable(text: string): UnreadableAddress {
  return { reason: `${shownAddress(text)} is no address that this server fetches from; ${WHAT_DOES}` };
}

/** What may be shown of an address: user names, passwords and parameters may be credentials. */
function shownAddress(text: string): string {
  return printable((text.split('?', 1)[0] ?? '').replace(/[^/@]*@/g, ''));
}
