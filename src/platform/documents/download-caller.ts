import type { IdentifiedPrincipal, Principal } from '../../access/principal.js';

const MAX_TEXT = 200;

/** Who downloads something, and with what. */
export interface DownloadCaller {
  /** What {@link callerText} made of the principal; empty for nobody in particular. */
  readonly who: string;
  readonly clientIp: string;
  /** {@link callerOrganization}; empty where it is not known. */
  readonly organizationId: string;
  /** The value of `X-Terraform-Version`, as it came. */
  readonly clientVersion: string | undefined;
  /** Whether `User-Agent` says that this is a version of OpenTofu. */
  readonly isOpenTofu: boolean;
  readonly requestId: string;
}

/** A principal as one short line of ASCII, made once per decision and not once per download. Read with {@link readCaller}. */
export function callerText(principal: Principal | undefined): string {
  if (principal === undefined || principal.kind === 'anonymous') return '';
  const { kind, userId, name, email } = principal;
  const organizationId = callerOrganization(principal);
  const fields = [kind, ...credentialOf(principal), userId, cut(name), cut(email), organizationId];
  return JSON.stringify(fields).replaceAll(/[\x7f-\uffff]/g, escaped);
}

/** The id of the organization that a principal acts for: the one of the key, or the only one. Empty for none or several. */
export function callerOrganization(principal: Principal | undefined): string {
  if (principal === undefined || principal.kind === 'anonymous') return '';
  if (principal.kind === 'api-key') return principal.organizationId;
  const [only = '', ...others] = principal.authority.organizations.keys();
  return others.length === 0 ? only : '';
}

/** What {@link callerText} tells. */
export interface KnownCaller {
  readonly kind: string;
  readonly authMethod: string;
  readonly credentialId: string;
  readonly userId: string | null;
  readonly name: string | null;
  readonly email: string | null;
  /** {@link callerOrganization}; `null` where it is not known. */
  readonly organizationId: string | null;
}

/** Reads {@link callerText}; `undefined` for nobody, or for half a line. */
export function readCaller(text: string): KnownCaller | undefined {
  if (text === '') return undefined;
  try {
    const [kind, authMethod, credentialId, userId, name, email, organization] = JSON.parse(text) as string[];
    const [known, method, id] = [kind ?? '', authMethod ?? '', credentialId ?? ''];
    return {
      kind: known,
      authMethod: method,
      credentialId: id,
      userId: userId ?? null,
      name: name ?? null,
      email: email ?? null,
      organizationId: organization || null,
    };
  } catch {
    return undefined;
  }
}

/** Its kind, and its id. */
function credentialOf(principal: IdentifiedPrincipal): [method: string, id: string] {
  switch (principal.kind) {
    case 'api-key':
      return [principal.publishedFrom === null ? 'api_key' : 'token_exchange', principal.keyId];
    case 'user':
      return [principal.credential.kind.replaceAll('-', '_'), principal.credential.id];
    case 'service':
      return ['entra_token', principal.subject.slice(0, MAX_TEXT)];
  }
}

function cut(text: string | null): string | null {
  return text === null ? null : text.slice(0, MAX_TEXT);
}

function escaped(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
