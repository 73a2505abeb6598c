import {
  type ClaimRules,
  type FixedClaims,
  fixesOne,
  missingClaim,
  textClaim,
  type TokenClaims,
} from '../../domain/publisher-claims.js';

const IDENTITY = ['repository_id', 'repository_owner_id'];
const PLACE = ['workflow_ref', 'job_workflow_ref', 'ref', 'environment'];
const NUMBER = /^[1-9]\d{0,19}$/;

/**
 * What starts a run of code that somebody with write access put there. Everything else is refused, above all
 * `pull_request` (code of a fork), `pull_request_target`, `workflow_run` and `issue_comment` (an outsider
 * starts it with the rights of the repository).
 */
const SAFE_EVENTS: ReadonlySet<string> = new Set([
  'push',
  'release',
  'workflow_dispatch',
  'repository_dispatch',
  'schedule',
]);

/** GitHub Actions, on github.com and on servers of one's own. */
export const githubClaims: ClaimRules = {
  kind: 'github',
  refClaims: ['ref', 'workflow_ref', 'job_workflow_ref'],

  issuerProblem: () => undefined,

  problem(fixed: FixedClaims) {
    const missing = missingClaim(fixed, IDENTITY, NUMBER);
    if (missing !== undefined) return `${missing} must be fixed, with the number that GitHub shows for it`;
    if (!fixesOne(fixed, PLACE)) return `at least one of ${PLACE.join(', ')} must be fixed`;
    return undefined;
  },

  unsafeClaim(claims: TokenClaims) {
    if (!SAFE_EVENTS.has(textClaim(claims, 'event_name') ?? '')) return 'event_name';
    return ['head_ref', 'base_ref'].find((name) => (claims[name] ?? '') !== '');
  },

  publishedFrom(issuer: string, claims: TokenClaims) {
    const repository = textClaim(claims, 'repository');
    const run = textClaim(claims, 'run_id');
    const server = serverOf(issuer);
    return {
      issuer,
      repository: repository ?? '',
      ref: textClaim(claims, 'ref'),
      commit: textClaim(claims, 'sha'),
      run_url: server && repository && run ? `${server}/${repository}/actions/runs/${run}` : null,
    };
  },
};

/** The web address that belongs to an issuer: `token.actions.<host>` or `<host>/_services/token`. */
function serverOf(issuer: string): string | undefined {
  const { origin, host, pathname } = new URL(issuer);
  if (host === 'token.actions.githubusercontent.com') return 'https://github.com';
  if (host.startsWith('token.actions.')) return `https://${host.slice('token.actions.'.length)}`;
  return pathname.startsWith('/_services/token') ? origin : undefined;
}
