import {
  type ClaimRules,
  type FixedClaims,
  textClaim,
  type TokenClaims,
} from '../../domain/publisher-claims.js';
import { githubClaims } from './github-claims.js';
import { gitlabClaims } from './gitlab-claims.js';

/** A claim that names one repository, project or pipeline. */
const IDENTITY = /^(?:sub|(?:.*[^a-z])?(?:repository|project|pipeline)[_-]id)$/;
/** A claim that names a workflow, a ref or an environment. */
const PLACE = /(?:^|[^a-z])(?:workflow(?:_ref)?|ref(?:_path)?|branch|tag|environment)$/;
/** Issuers whose own rules must not be avoided. */
const KNOWN: readonly [RegExp, string][] = [
  [/^https:\/\/token\.actions\.(?:githubusercontent\.com|[^/]+\.ghe\.com)(?:\/|$)/, 'github'],
  [/^https:\/\/gitlab\.com$/, 'gitlab'],
  [/^https:\/\/vstoken\.dev\.azure\.com\//, 'azuredevops'],
];

/** Any other issuer of OpenID Connect tokens for pipelines. */
export const genericClaims: ClaimRules = {
  kind: 'generic',
  refClaims: [],

  issuerProblem(issuer: string) {
    const [, kind] = KNOWN.find(([pattern]) => pattern.test(issuer)) ?? [];
    return kind && `belongs to subject_kind ${kind}`;
  },

  problem(fixed: FixedClaims) {
    const names = Object.keys(fixed);
    if (!names.some((name) => IDENTITY.test(name)))
      return 'sub, or the id of the repository, project or pipeline, must be fixed';
    if (!names.some((name) => PLACE.test(name)))
      return 'at least one claim that names a workflow, ref or environment must be fixed';
    return undefined;
  },

  /** A server of one's own may be a GitHub or GitLab: what its tokens say about triggers counts here too. */
  unsafeClaim(claims: TokenClaims) {
    if (claims['event_name'] !== undefined) return githubClaims.unsafeClaim(claims);
    if (claims['pipeline_source'] !== undefined) return gitlabClaims.unsafeClaim(claims);
    return undefined;
  },

  publishedFrom(issuer: string, claims: TokenClaims) {
    const first = (...names: string[]) => {
      const name = names.find((one) => textClaim(claims, one) !== null);
      return name === undefined ? null : textClaim(claims, name);
    };
    return {
      issuer,
      repository: first('repository', 'project_path', 'sub') ?? '',
      ref: first('ref', 'ref_path', 'branch'),
      commit: first('sha', 'commit'),
      run_url: null,
    };
  },
};
