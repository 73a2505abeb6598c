import {
  type ClaimRules,
  type FixedClaims,
  fixesOne,
  missingClaim,
  textClaim,
  type TokenClaims,
} from '../../domain/publisher-claims.js';

const IDENTITY = ['project_id', 'namespace_id'];
const PLACE = ['ref_path', 'ci_config_ref_uri', 'environment'];
const NUMBER = /^[1-9]\d{0,19}$/;

/**
 * Pipelines of code that somebody with push access put there. Merge request pipelines run code of a fork in the
 * project of its target, and child pipelines (`parent_pipeline`, `pipeline`) hide what started their parent.
 */
const SAFE_SOURCES: ReadonlySet<string> = new Set(['push', 'web', 'schedule', 'api', 'trigger']);

/** GitLab CI, on gitlab.com and on servers of one's own. */
export const gitlabClaims: ClaimRules = {
  kind: 'gitlab',
  refClaims: ['ref_path', 'ci_config_ref_uri'],

  issuerProblem: () => undefined,

  problem(fixed: FixedClaims) {
    const missing = missingClaim(fixed, IDENTITY, NUMBER);
    if (missing !== undefined) return `${missing} must be fixed, with the number that GitLab shows for it`;
    // A bare `ref` does not tell a branch from a tag of the same name.
    const isRefFixed = fixesOne(fixed, ['ref']) && fixesOne(fixed, ['ref_type']);
    if (isRefFixed || fixesOne(fixed, PLACE)) return undefined;
    return `at least one of ${PLACE.join(', ')} must be fixed, or ref together with ref_type`;
  },

  unsafeClaim(claims: TokenClaims) {
    if (!SAFE_SOURCES.has(textClaim(claims, 'pipeline_source') ?? '')) return 'pipeline_source';
    const isOfFork = (name: string) => claims[name] !== undefined && claims[name] !== claims['project_id'];
    return ['job_project_id', 'source_project_id'].find(isOfFork);
  },

  publishedFrom(issuer: string, claims: TokenClaims) {
    const repository = textClaim(claims, 'project_path');
    const pipeline = textClaim(claims, 'pipeline_id');
    return {
      issuer,
      repository: repository ?? '',
      ref: textClaim(claims, 'ref_path') ?? textClaim(claims, 'ref'),
      commit: textClaim(claims, 'sha'),
      run_url: repository && pipeline ? `${issuer}/${repository}/-/pipelines/${pipeline}` : null,
    };
  },
};
