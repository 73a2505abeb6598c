import { describe, expect, it } from 'vitest';
import {
  CI_CASES,
  type CiCase,
  describeMutation,
  mutated,
} from '../../../test/integration/auth/support/ci-claims.js';
import { azureDevopsClaims } from '../adapters/ci/azure-devops-claims.js';
import { genericClaims } from '../adapters/ci/generic-claims.js';
import { githubClaims } from '../adapters/ci/github-claims.js';
import { gitlabClaims } from '../adapters/ci/gitlab-claims.js';
import { type ClaimRules, claimsMatch, claimsProblem, type TokenClaims } from './publisher-claims.js';

const RULES: readonly ClaimRules[] = [githubClaims, gitlabClaims, azureDevopsClaims, genericClaims];
const rulesOf = (kind: string) => RULES.find((rules) => rules.kind === kind)!;
const isTrusted = (rules: ClaimRules, fixed: Record<string, string>, claims: TokenClaims) =>
  claimsMatch(rules, fixed, claims) && rules.unsafeClaim(claims) === undefined;

describe('the claims of a trusted publisher (A12)', () => {
  it.each(CI_CASES)('of $kind match the run that they describe', ({ kind, fixed, claims }) => {
    const rules = rulesOf(kind);
    expect(claimsProblem(rules, fixed)).toBeUndefined();
    expect(isTrusted(rules, fixed, claims)).toBe(true);
  });

  it('match no run in which a single claim differs', () => {
    const trusted: string[] = [];
    let size = 0;
    for (const one of CI_CASES) {
      for (const change of one.mutations) {
        size += 1;
        if (isTrusted(rulesOf(one.kind), one.fixed, mutated(one, change)))
          trusted.push(`${one.kind}: ${describeMutation(change)}`);
      }
    }
    expect(trusted).toEqual([]);
    expect(size).toBeGreaterThanOrEqual(60);
    console.info(`claim mutations refused: ${size}`);
  });

  it.each(CI_CASES)('of $kind must all be there: any one that identifies left out is too little', (one) => {
    const rules = rulesOf(one.kind);
    const needed =
      one.kind === 'generic' ? [] : Object.keys(one.fixed).filter((name) => name.endsWith('_id'));
    for (const name of needed) {
      const { [name]: _, ...others } = one.fixed;
      expect(claimsProblem(rules, others)).toContain(name);
    }
    expect(claimsProblem(rules, {})).toBeDefined();
  });

  it('match no claim that is inherited', () => {
    const fixed = { ...CI_CASES[3]!.fixed, toString: 'x' };
    expect(claimsMatch(genericClaims, fixed, CI_CASES[3]!.claims)).toBe(false);
  });

  const github = { repository_id: '74', repository_owner_id: '65' };
  const tooLittle: [string, ClaimRules, Record<string, string>, RegExp][] = [
    [
      'a name instead of the number',
      githubClaims,
      { ...github, repository_id: 'octo-repo', ref: 'r' },
      /repository_id/,
    ],
    [
      'a repository without its owner',
      githubClaims,
      { repository_id: '74', ref: 'r' },
      /repository_owner_id/,
    ],
    ['a whole repository', githubClaims, github, /at least one of workflow_ref/],
    ['the display name of a workflow', githubClaims, { ...github, workflow: 'release' }, /at least one of/],
    ['a bare ref of GitLab', gitlabClaims, { project_id: '1', namespace_id: '2', ref: 'main' }, /ref_path/],
    ['a project of Azure DevOps', azureDevopsClaims, { org_id: CI_CASES[2]!.fixed['org_id']! }, /prj_id/],
    ['any run of an issuer', genericClaims, { sub: 'x' }, /workflow, ref or environment/],
    ['any repository of an issuer', genericClaims, { ref: 'x' }, /must be fixed/],
    ['the audience', githubClaims, { ...github, ref: 'r', aud: 'x' }, /aud cannot be fixed/],
    ['an empty claim', githubClaims, { ...github, ref: '' }, /1 to 512/],
    ['a claim with a line break', githubClaims, { ...github, ref: 'a\nb' }, /1 to 512/],
    ['a claim with an impossible name', githubClaims, { ...github, ref: 'r', 'a b': 'x' }, /name/],
    ['a repository with a wildcard', githubClaims, { ...github, repository_id: '7*', ref: 'r' }, /exactly/],
    ['an environment with a wildcard', githubClaims, { ...github, environment: 'prod*' }, /exactly/],
    ['every ref', githubClaims, { ...github, ref: '*' }, /exactly/],
    ['every kind of ref', githubClaims, { ...github, ref: 'refs/*' }, /exactly/],
    ['a wildcard in the middle', githubClaims, { ...github, ref: 'refs/tags/*-final' }, /exactly/],
    ['a workflow of every repository', githubClaims, { ...github, workflow_ref: '*' }, /exactly/],
    ['a wildcard of an unknown issuer', genericClaims, { sub: 's', ref: 'refs/tags/v*' }, /exactly/],
  ];
  it.each(tooLittle)('must not be %s', (_, rules, fixed, expected) => {
    expect(claimsProblem(rules, fixed)).toMatch(expected);
  });

  it('are at most 20', () => {
    const claims = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, index) => [`ref_${index}`, 'x']));
    expect(claimsProblem(githubClaims, { ...github, ref: 'r', ...claims(17) })).toBeUndefined();
    expect(claimsProblem(githubClaims, { ...github, ref: 'r', ...claims(18) })).toMatch(/at most 20/);
  });
});

describe('a ref of which the beginning is given', () => {
  const fixed = { repository_id: '74', repository_owner_id: '65', ref: 'refs/tags/v*' };
  const match = (ref: unknown, rules: ClaimRules = githubClaims, wanted: Record<string, string> = fixed) =>
    claimsMatch(rules, wanted, { ...CI_CASES[0]!.claims, ref });

  it('matches what begins so, and nothing else', () => {
    expect(claimsProblem(githubClaims, fixed)).toBeUndefined();
    for (const ref of ['refs/tags/v1', 'refs/tags/v1.2.3', 'refs/tags/v*']) expect(match(ref)).toBe(true);
    for (const ref of [
      'refs/tags/v',
      'refs/tags/1',
      'refs/heads/v1',
      'x/refs/tags/v1',
      ['refs/tags/v1'],
      '',
      undefined,
    ])
      expect(match(ref)).toBe(false);
  });

  it('counts in the ref of a workflow as well', () => {
    const workflow = 'octo-org/octo-repo/.github/workflows/release.yml@refs/tags/';
    const wanted = { repository_id: '74', repository_owner_id: '65', workflow_ref: `${workflow}*` };
    expect(claimsProblem(githubClaims, wanted)).toBeUndefined();
    const claims = { ...CI_CASES[0]!.claims, workflow_ref: `${workflow}v1` };
    expect(claimsMatch(githubClaims, wanted, claims)).toBe(true);
    expect(claimsMatch(githubClaims, wanted, CI_CASES[0]!.claims)).toBe(false);
  });
});

describe('issuers', () => {
  it('with rules of their own are not generic ones', () => {
    for (const issuer of [
      'https://token.actions.githubusercontent.com',
      'https://token.actions.githubusercontent.com/acme',
      'https://token.actions.acme.ghe.com',
      'https://gitlab.com',
      'https://vstoken.dev.azure.com/x',
    ])
      expect(genericClaims.issuerProblem(issuer), issuer).toMatch(/subject_kind/);
    expect(genericClaims.issuerProblem('https://ci.example.com')).toBeUndefined();
  });

  it('of Azure DevOps name their organization by its id', () => {
    const id = CI_CASES[2]!.fixed['org_id']!;
    expect(azureDevopsClaims.issuerProblem(`https://vstoken.dev.azure.com/${id}`)).toBeUndefined();
    for (const issuer of [
      `https://vstoken.dev.azure.com/${id}/`,
      'https://vstoken.dev.azure.com/acme',
      'https://ci.example.com',
    ])
      expect(azureDevopsClaims.issuerProblem(issuer)).toBeDefined();
  });
});

describe('where a version comes from', () => {
  const [github, gitlab, azure, generic] = ['github', 'gitlab', 'azuredevops', 'generic'].map((kind) =>
    CI_CASES.find((one) => one.kind === kind)!,
  ) as [CiCase, CiCase, CiCase, CiCase];
  const table: [string, ClaimRules, string, TokenClaims, object][] = [
    [
      'GitHub',
      githubClaims,
      'https://token.actions.githubusercontent.com',
      github.claims,
      {
        repository: 'octo-org/octo-repo',
        ref: 'refs/heads/main',
        commit: 'a'.repeat(40),
        run_url: 'https://github.com/octo-org/octo-repo/actions/runs/1234',
      },
    ],
    [
      'a GitHub server',
      githubClaims,
      'https://git.example.com/_services/token',
      github.claims,
      { run_url: 'https://git.example.com/octo-org/octo-repo/actions/runs/1234' },
    ],
    [
      'GitLab',
      gitlabClaims,
      'https://gitlab.example.com',
      gitlab.claims,
      {
        repository: 'my-group/my-project',
        ref: 'refs/heads/main',
        run_url: 'https://gitlab.example.com/my-group/my-project/-/pipelines/574',
      },
    ],
    [
      'Azure DevOps',
      azureDevopsClaims,
      'https://vstoken.dev.azure.com/1',
      azure.claims,
      {
        repository: 'https://dev.azure.com/acme/Network%20Modules/_git/vpc',
        run_url: 'https://dev.azure.com/acme/Network%20Modules/_build/results?buildId=99',
      },
    ],
    [
      'another issuer',
      genericClaims,
      'https://ci.example.com',
      generic.claims,
      { repository: 'organization:acme:pipeline:release', ref: null, commit: 'a'.repeat(40), run_url: null },
    ],
  ];
  it.each(table)('is what the token of %s says', (_, rules, issuer, claims, expected) => {
    expect(rules.publishedFrom(issuer, claims)).toMatchObject({ issuer, ...expected });
  });

  it('leaves out what is no text or too long', () => {
    const claims = { ...github.claims, sha: 5, ref: 'r'.repeat(513), run_id: undefined };
    expect(githubClaims.publishedFrom('https://ci.example.com', claims)).toMatchObject({
      ref: null,
      commit: null,
      run_url: null,
    });
  });
});
