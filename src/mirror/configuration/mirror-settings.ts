import { NamespaceName } from '../../kernel/terraform/namespace-name.js';
import { InvalidAddress } from '../../kernel/terraform/terraform.errors.js';
import { InvalidMirrorSetting } from '../domain/mirror-configuration.errors.js';
import { UpstreamTokenNeedsHttps } from '../domain/mirror-configuration.errors.js';
import { InvalidVersionFilter } from '../domain/mirror-settings.errors.js';
import {
  KEY_TRUST_LEVELS,
  type AutoApprovalRules,
  type KeyTrustLevel,
  type Mirror,
} from '../domain/mirror.js';
import { NameFilter } from '../domain/name-filter.js';
import { PlatformFilter } from '../domain/platform-filter.js';
import { printable } from '../domain/printable.js';
import { VersionFilter } from '../domain/version-filter.js';
import { upstreamRegistry } from '../upstream/upstream-registry.js';

const MAX_NAME = 255;
const MAX_DESCRIPTION = 2_000;
const MAX_INTERVAL_HOURS = 8_760;
const MAX_DAYS = 36_500;
const MAX_KEPT_VERSIONS = 100_000;
const MAX_TOKEN = 4_096;
const MAX_MODULE_NAMESPACES = 500;
const DEFAULT_INTERVAL_HOURS = 24;
const CONTROL = /\p{Cc}/u;
const TOKEN = /^[\x21-\x7e]+$/;

/** What an operator decides about a mirror, apart from its organization and token. */
export type MirrorSettings = Pick<
  Mirror,
  | 'name'
  | 'description'
  | 'upstreamUrl'
  | 'upstreamHost'
  | 'namespaceFilter'
  | 'providerFilter'
  | 'versionFilter'
  | 'platformFilter'
  | 'withPrereleases'
  | 'keyTrust'
  | 'coolDownDays'
  | 'autoApproval'
  | 'isPullThrough'
  | 'moduleNamespaces'
  | 'keepVersions'
  | 'keepUsedDays'
  | 'isEnabled'
  | 'syncIntervalHours'
>;

type Sent<T> = { readonly [K in keyof T]?: T[K] | null | undefined };

/** What was sent of a mirror: absent stays as it is, `null` is the default. */
export type MirrorEntry = Sent<Omit<MirrorSettings, 'upstreamHost' | 'keyTrust'>> & {
  readonly keyTrust?: string | null | undefined;
};

/**
 * The settings that `entry` makes of what was there `before`, every one of them checked. Throws
 * {@link InvalidMirrorSetting}, `InvalidUpstreamAddress`, `InvalidNameFilter`, `InvalidVersionFilter` and
 * `InvalidPlatformFilter`.
 */
export function mirrorSettings(entry: MirrorEntry, before?: MirrorSettings): MirrorSettings {
  const chosen = <K extends keyof MirrorEntry & keyof MirrorSettings>(
    key: K,
    otherwise: MirrorSettings[K],
  ): MirrorSettings[K] => {
    const sent = entry[key] as MirrorSettings[K] | null | undefined;
    if (sent === undefined) return before === undefined ? otherwise : before[key];
    return sent ?? otherwise;
  };
  const { url } = upstreamRegistry(chosen('upstreamUrl', ''));
  const namespaceFilter = chosen('namespaceFilter', []);
  const providerFilter = chosen('providerFilter', []);
  NameFilter.parse(namespaceFilter, providerFilter);
  const platformFilter = chosen('platformFilter', []);
  PlatformFilter.parse(platformFilter);
  return {
    name: readName(chosen('name', '')),
    description: readDescription(chosen('description', null)),
    upstreamUrl: url.origin,
    upstreamHost: url.host,
    namespaceFilter,
    providerFilter,
    versionFilter: VersionFilter.parse(chosen('versionFilter', '')).text,
    platformFilter,
    withPrereleases: chosen('withPrereleases', false),
    keyTrust: readKeyTrust(chosen('keyTrust', 'partner')),
    coolDownDays: readCount('cool_down_days', chosen('coolDownDays', 0), 0, MAX_DAYS),
    autoApproval: readAutoApproval(chosen('autoApproval', null)),
    isPullThrough: chosen('isPullThrough', false),
    moduleNamespaces: readModuleNamespaces(chosen('moduleNamespaces', [])),
    keepVersions: readLimit('keep_versions', chosen('keepVersions', null), MAX_KEPT_VERSIONS),
    keepUsedDays: readLimit('keep_used_days', chosen('keepUsedDays', null), MAX_DAYS),
    isEnabled: chosen('isEnabled', true),
    syncIntervalHours: readCount(
      'sync_interval_hours',
      chosen('syncIntervalHours', DEFAULT_INTERVAL_HOURS),
      1,
      MAX_INTERVAL_HOURS,
    ),
  };
}

/** A token for an upstream at `upstreamUrl`. Throws {@link InvalidMirrorSetting} and `UpstreamTokenNeedsHttps`. */
export function readUpstreamToken(token: string, upstreamUrl: string): string {
  if (token.length > MAX_TOKEN || !TOKEN.test(token)) {
    throw new InvalidMirrorSetting(
      'upstream_token',
      `it has 1 to ${MAX_TOKEN} printable ASCII characters without spaces`,
    );
  }
  if (!upstreamUrl.startsWith('https://')) throw new UpstreamTokenNeedsHttps();
  return token;
}

function readName(given: string): string {
  const name = given.trim();
  if (name === '' || name.length > MAX_NAME || CONTROL.test(name)) {
    throw new InvalidMirrorSetting('name', `it has 1 to ${MAX_NAME} characters on one line`);
  }
  return name;
}

function readDescription(given: string | null): string | null {
  const text = given?.trim() ?? '';
  if (text.length > MAX_DESCRIPTION) {
    throw new InvalidMirrorSetting('description', `it has at most ${MAX_DESCRIPTION} characters`);
  }
  return text === '' ? null : text;
}

function readKeyTrust(given: string): KeyTrustLevel {
  const level = KEY_TRUST_LEVELS.find((one) => one === given);
  if (level !== undefined) return level;
  throw new InvalidMirrorSetting(
    'key_trust',
    `${printable(given)} is no level; write one of ${KEY_TRUST_LEVELS.join(', ')}`,
  );
}

function readCount(field: string, given: number, min: number, max: number): number {
  if (Number.isInteger(given) && given >= min && given <= max) return given;
  throw new InvalidMirrorSetting(field, `it is a whole number from ${min} to ${max}`);
}

function readLimit(field: string, given: number | null, max: number): number | null {
  return given === null ? null : readCount(field, given, 1, max);
}

/** Names without wildcards: each becomes a namespace here, and must not be two in one. */
function readModuleNamespaces(given: readonly string[]): readonly string[] {
  const field = 'module_namespaces';
  if (given.length > MAX_MODULE_NAMESPACES) {
    throw new InvalidMirrorSetting(field, `it has at most ${MAX_MODULE_NAMESPACES} names`);
  }
  const names = new Map<string, string>();
  for (const text of new Set(given)) {
    const { folded } = readNamespace(field, text);
    const other = names.get(folded);
    if (other !== undefined) {
      const reason = `${printable(other)} and ${printable(text)} are one namespace here; name one of them`;
      throw new InvalidMirrorSetting(field, reason);
    }
    names.set(folded, text);
  }
  return [...names.values()];
}

function readNamespace(field: string, text: string): NamespaceName {
  try {
    return NamespaceName.parse(text);
  } catch (error) {
    if (!(error instanceof InvalidAddress)) throw error;
    throw new InvalidMirrorSetting(field, `${printable(text)} is no namespace: ${error.message}`);
  }
}

/** Rules that demand nothing would let everything through. */
function readAutoApproval(given: AutoApprovalRules | null): AutoApprovalRules | null {
  if (given === null) return null;
  const { signedByTrustedKey, patchOnly, versionConstraint, minAgeDays } = given;
  const rules: AutoApprovalRules = {
    ...(signedByTrustedKey === true && { signedByTrustedKey }),
    ...(patchOnly === true && { patchOnly }),
    ...(isText(versionConstraint) && { versionConstraint: readConstraint(versionConstraint) }),
    ...(typeof minAgeDays === 'number' && {
      minAgeDays: readCount('auto_approval.min_age_days', minAgeDays, 1, MAX_DAYS),
    }),
  };
  if (Object.keys(rules).length > 0) return rules;
  throw new InvalidMirrorSetting('auto_approval', 'set at least one rule, or null for no automatic approval');
}

function isText(given: string | undefined): given is string {
  return typeof given === 'string' && given.trim() !== '';
}

function readConstraint(text: string): string {
  try {
    return VersionFilter.parse(text).text;
  } catch (error) {
    if (!(error instanceof InvalidVersionFilter)) throw error;
    const reason = error.message.replace(/^Invalid version filter: /, '');
    throw new InvalidMirrorSetting('auto_approval.version_constraint', reason);
  }
}
