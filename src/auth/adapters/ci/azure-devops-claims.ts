import {
  type ClaimRules,
  type FixedClaims,
  missingClaim,
  textClaim,
  type TokenClaims,
} from '../../domain/publisher-claims.js';

const IDS = ['org_id', 'prj_id', 'rpo_id'];
const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const NUMBER = /^[1-9]\d{0,19}$/;
const ISSUER = /^https:\/\/vstoken\.dev\.azure\.com\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** `p://<organization>/<project>/<pipeline>` names a pipeline; `sc://` a service connection, which several use. */
const SUBJECT = /^p:\/\/([^/]+)\/([^/]+)\/./;

/** Azure Pipelines. Every organization is an issuer of its own. */
export const azureDevopsClaims: ClaimRules = {
  kind: 'azuredevops',
  refClaims: ['rpo_ref'],

  issuerProblem: (issuer: string) =>
    ISSUER.test(issuer) ? undefined : 'must be https://vstoken.dev.azure.com/ and the id of the organization',

  problem(fixed: FixedClaims) {
    const missing = missingClaim(fixed, IDS, GUID);
    if (missing !== undefined) return `${missing} must be fixed, with the id that Azure DevOps shows for it`;
    return missingClaim(fixed, ['def_id'], NUMBER) && 'def_id must be fixed, with the number of the pipeline';
  },

  /** Builds of pull requests have a ref below `refs/pull/`. */
  unsafeClaim(claims: TokenClaims) {
    if (!/^refs\/(?:heads|tags)\/./.test(textClaim(claims, 'rpo_ref') ?? '')) return 'rpo_ref';
    return SUBJECT.test(textClaim(claims, 'sub') ?? '') ? undefined : 'sub';
  },

  publishedFrom(issuer: string, claims: TokenClaims) {
    const [, organization, project] = SUBJECT.exec(textClaim(claims, 'sub') ?? '') ?? [];
    const run = textClaim(claims, 'run_id');
    const path = organization && project && [organization, project].map(encodeURIComponent).join('/');
    return {
      issuer,
      repository: textClaim(claims, 'rpo_uri') ?? '',
      ref: textClaim(claims, 'rpo_ref'),
      commit: textClaim(claims, 'rpo_ver'),
      run_url: path && run ? `https://dev.azure.com/${path}/_build/results?buildId=${run}` : null,
    };
  },
};
