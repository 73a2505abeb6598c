import type { PolicyRow } from './policy.js';

/** What the addressed object is: in the own organization, in another one, nowhere, or a child that belongs elsewhere. */
export type Place = 'own' | 'foreign' | 'absent' | 'foreign child';

/** `passes`: every check of rights let the request through, whatever became of it then. */
export type Outcome = 'passes' | '401' | '403' | '404';

export type OrganizationName = 'own' | 'other' | 'default';

/** Somebody who calls, and what they hold where, in the words of the contract. */
export interface Identity {
  readonly name: string;
  readonly credential: 'none' | 'unusable' | 'setup token' | 'signed URL' | 'user' | 'key' | 'pipeline';
  readonly headers: Readonly<Record<string, string>>;
  /** Parameters that this caller adds to every path. */
  readonly query?: string;
  readonly userId?: string;
  /** Has the role owner in the own organization, itself or through the owner of the key. */
  readonly isOwner?: boolean;
  /** The headers of a new session, for requests that end the one they come with. */
  readonly renewed?: () => Promise<Readonly<Record<string, string>>>;
  readonly scopes: HeldScopes;
  /** What the owner of a key holds: the key never does more. */
  readonly owner?: HeldScopes;
}

export type HeldScopes = Readonly<Partial<Record<OrganizationName, readonly string[]>>>;

/** How the server is set up. */
export interface Mode {
  readonly isMultiTenant: boolean;
  readonly isOpen: boolean;
}

const READS: Readonly<Record<string, string>> = {
  'modules:read': 'modules:write',
  'providers:read': 'providers:write',
  'mirrors:read': 'mirrors:manage',
  'users:read': 'users:write',
  'organizations:read': 'organizations:write',
  'scm:read': 'scm:manage',
};
const SHARED = ['modules:', 'providers:', 'mirrors:', 'scm:'];

/** What the policy says about one cell of the matrix. */
export function expected(row: PolicyRow, who: Identity, place: Place, mode: Mode): Outcome {
  const [kind, scope = ''] = row.rule.split(' ');
  const isKnown = ['user', 'key', 'pipeline'].includes(who.credential);
  const owner = ownerOf(row, place, mode);
  const may = (wanted: string) => holds(who, wanted, owner, mode);
  switch (kind) {
    case 'open':
      return 'passes';
    case 'setup':
      return who.credential === 'setup token' ? 'passes' : '401';
    case 'link':
      return '403';
    case 'signed':
      return unsignedFile(row, who, place, mode, isKnown);
    case 'public':
      return publicRead(row, who, place, mode, scope, isKnown);
  }
  if (!isKnown) return '401';
  switch (kind) {
    case 'authenticated':
      return place === 'absent' && row.object !== undefined ? '404' : 'passes';
    case 'person':
      return who.userId === undefined ? '404' : 'passes';
    case 'session':
      return who.credential === 'user' ? 'passes' : '403';
    case 'own':
      return place === 'own' && who.credential === 'user' ? 'passes' : '404';
    case 'anywhere':
      return holdsAnywhere(who, scope, mode) ? 'passes' : '403';
    case 'platform':
      if (!holds(who, scope, 'default', mode)) return '403';
      return row.object !== undefined && place === 'absent' ? '404' : 'passes';
    case 'publish':
      if (!isWithin(who, row, place)) return '403';
      return place === 'absent'
        ? publishFree(who, scope, mode)
        : may(scope) && holdsAnywhere(who, scope, mode)
          ? 'passes'
          : '403';
    case 'give':
      if (who.credential === 'pipeline' || (who.scopes.own === undefined && !isPlatformAdmin(who)))
        return '403';
      return may(scope) ? 'passes' : '403';
    case 'owner':
      if (place === 'absent') return '404';
      if (isPlatformAdmin(who) || (place === 'own' && who.isOwner === true && may('admin'))) return 'passes';
      return may('organizations:read') ? '403' : '404';
    case 'organization':
      if (place === 'absent') return '404';
      if (may(scope)) return place === 'foreign child' ? '404' : 'passes';
      return may('organizations:read') ? '403' : '404';
    case 'object':
      if (!holdsAnywhere(who, scope, mode) && row.object !== 'api key') return '403';
      if (place === 'absent') return '404';
      if (may(scope) && isWithin(who, row, place)) {
        if (row.alsoNeeds !== undefined && !may(row.alsoNeeds)) return '403';
        return place === 'foreign child' ? '404' : 'passes';
      }
      if (row.object === 'api key') return isMember(who, owner) ? '403' : '404';
      return row.seenWith !== undefined && isSeen(row, who, owner, mode) ? '403' : '404';
    default:
      throw new Error(`The policy has an unknown rule: ${row.rule}`);
  }
}

/** Without a signature a file opens for credentials that may read what it belongs to. */
function unsignedFile(row: PolicyRow, who: Identity, place: Place, mode: Mode, isKnown: boolean): Outcome {
  if (!isKnown) return '403';
  if (place === 'absent') return '404';
  const may = isWithin(who, row, place) && holds(who, 'modules:read', ownerOf(row, place, mode), mode);
  return mode.isOpen || may ? 'passes' : '404';
}

/** REST contract 3.6: on a private server an anonymous caller learns nothing about any address. */
function publicRead(
  row: PolicyRow,
  who: Identity,
  place: Place,
  mode: Mode,
  scope: string,
  isKnown: boolean,
): Outcome {
  if (row.object === undefined) return publicList(who, mode, scope, isKnown);
  if (place === 'absent') return isKnown || mode.isOpen ? '404' : '401';
  if (mode.isOpen) return place === 'foreign child' ? '404' : 'passes';
  if (!isKnown) return '401';
  if (!isWithin(who, row, place) || !holds(who, scope, ownerOf(row, place, mode), mode)) return '404';
  return place === 'foreign child' ? '404' : 'passes';
}

/** A list leaves out by itself what is not visible; `scope` may name several, one of which is needed. */
function publicList(who: Identity, mode: Mode, scope: string, isKnown: boolean): Outcome {
  if (mode.isOpen) return 'passes';
  if (!isKnown) return '401';
  return scope.split('|').some((one) => holdsAnywhere(who, one, mode)) ? 'passes' : '403';
}

/** In single-tenant mode the default organization owns everything that is published, and mirrors. */
function ownerOf({ object }: PolicyRow, place: Place, { isMultiTenant }: Mode): OrganizationName {
  const isPublished = [
    'file',
    'module',
    'module version',
    'provider',
    'provider version',
    'namespace',
    'signing key',
    'mirror',
    'mirror run',
    'mirror key',
    'mirror version',
    'mirror approval',
    'mirror policy',
  ];
  if (!isMultiTenant && isPublished.includes(object ?? '')) return 'default';
  return place === 'foreign' ? 'other' : 'own';
}

/** A free namespace is claimed for the organization of the key, or the only one where the caller may publish. */
function publishFree(who: Identity, scope: string, mode: Mode): Outcome {
  if (who.credential === 'pipeline') return '403';
  return holdsAnywhere(who, scope, mode) ? 'passes' : '403';
}

function isSeen(row: PolicyRow, who: Identity, owner: OrganizationName, mode: Mode): boolean {
  const isPublished = row.seenWith === 'modules:read' || row.seenWith === 'providers:read';
  return (isPublished && mode.isOpen) || holds(who, row.seenWith!, owner, mode);
}

/** Keys of an organization are no secret to who belongs to it. */
function isMember(who: Identity, owner: OrganizationName): boolean {
  return who.credential !== 'pipeline' && who.scopes[owner] !== undefined;
}

/** A token of a pipeline is for its namespaces and nothing else; other namespaces of its organization are closed. */
function isWithin(who: Identity, { object }: PolicyRow, place: Place): boolean {
  return (
    who.credential !== 'pipeline' ||
    (place === 'own' && ['module', 'provider', 'file'].includes(object ?? ''))
  );
}

function isPlatformAdmin({ scopes, owner = scopes }: Identity): boolean {
  return [scopes, owner].every((held) => (held.default ?? []).includes('admin'));
}

function allows(scopes: readonly string[], wanted: string): boolean {
  return scopes.some((scope) => scope === 'admin' || scope === wanted || scope === READS[wanted]);
}

/** In single-tenant mode what is published belongs to everybody, and `admin` counts from the default organization. */
function sharedScopes({ own = [], other = [], default: main = [] }: HeldScopes): string[] {
  return [...main, ...[...own, ...other].filter((scope) => scope !== 'admin')];
}

function holds(who: Identity, wanted: string, where: OrganizationName, mode: Mode): boolean {
  if (isPlatformAdmin(who)) return true;
  const { scopes, owner = scopes } = who;
  const isShared = !mode.isMultiTenant && SHARED.some((family) => wanted.startsWith(family));
  return [scopes, owner].every((held) => allows(isShared ? sharedScopes(held) : (held[where] ?? []), wanted));
}

function holdsAnywhere(who: Identity, wanted: string, mode: Mode): boolean {
  return (['own', 'other', 'default'] as const).some((owner) => holds(who, wanted, owner, mode));
}
