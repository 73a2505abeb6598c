import type { SubjectKind } from '../../../../src/auth/domain/publisher-claims.js';

type Claims = Readonly<Record<string, unknown>>;

/** A publisher and the claims of a run that it trusts. */
export interface CiCase {
  readonly kind: SubjectKind;
  readonly fixed: Readonly<Record<string, string>>;
  readonly claims: Claims;
  /** Single changes after which the run must not be trusted any more: what is changed, and to what. */
  readonly mutations: readonly (readonly [string, unknown])[];
}

const GUID = (digit: string) =>
  `${digit.repeat(8)}-${digit.repeat(4)}-${digit.repeat(4)}-${digit.repeat(4)}-${digit.repeat(12)}`;
const SHA = 'a'.repeat(40);

/** Other spellings of one text, none of which is the same text. */
function variants(name: string, value: string): (readonly [string, unknown])[] {
  const other = [
    `${value} `,
    ` ${value}`,
    `${value}\u0000`,
    `${value}0`,
    value.slice(0, -1),
    '',
    undefined,
    null,
  ];
  return [...other, [value], { value }, true].map((one) => [name, one] as const);
}

const github: CiCase = {
  kind: 'github',
  fixed: {
    repository_id: '74',
    repository_owner_id: '65',
    workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
    environment: 'production',
  },
  claims: {
    sub: 'repo:octo-org/octo-repo:environment:production',
    repository: 'octo-org/octo-repo',
    repository_owner: 'octo-org',
    repository_id: '74',
    repository_owner_id: '65',
    workflow_ref: 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main',
    environment: 'production',
    ref: 'refs/heads/main',
    ref_type: 'branch',
    sha: SHA,
    run_id: '1234',
    event_name: 'push',
    head_ref: '',
    base_ref: '',
  },
  mutations: [
    ...variants('repository_id', '74'),
    ...variants('repository_owner_id', '65'),
    ...variants('environment', 'production'),
    ['repository_id', 74],
    ['repository_id', '075'],
    ['repository_id', '740'],
    ['repository_owner_id', 65],
    ['repository_owner_id', '66'],
    ['environment', 'Production'],
    ['environment', 'staging'],
    ['environment', 'production*'],
    ['workflow_ref', 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/other'],
    ['workflow_ref', 'octo-org/octo-repo/.github/workflows/release.yml@refs/pull/7/merge'],
    ['workflow_ref', 'octo-org/octo-repo/.github/workflows/test.yml@refs/heads/main'],
    ['workflow_ref', 'octo-org/octo-fork/.github/workflows/release.yml@refs/heads/main'],
    ['workflow_ref', 'octo-org/octo-repo/.github/workflows/release.yml@refs/heads/main2'],
    ['workflow_ref', undefined],
    ['event_name', 'pull_request'],
    ['event_name', 'pull_request_target'],
    ['event_name', 'pull_request_review'],
    ['event_name', 'workflow_run'],
    ['event_name', 'issue_comment'],
    ['event_name', 'issues'],
    ['event_name', 'discussion'],
    ['event_name', 'fork'],
    ['event_name', 'watch'],
    ['event_name', 'merge_group'],
    ['event_name', 'PUSH'],
    ['event_name', ['push']],
    ['event_name', ''],
    ['event_name', undefined],
    ['head_ref', 'feature'],
    ['base_ref', 'main'],
  ],
};

const gitlab: CiCase = {
  kind: 'gitlab',
  fixed: { project_id: '20', namespace_id: '72', ref_path: 'refs/heads/main', ref_protected: 'true' },
  claims: {
    sub: 'project_path:my-group/my-project:ref_type:branch:ref:main',
    namespace_id: '72',
    namespace_path: 'my-group',
    project_id: '20',
    project_path: 'my-group/my-project',
    job_project_id: '20',
    pipeline_id: '574',
    pipeline_source: 'push',
    ref: 'main',
    ref_type: 'branch',
    ref_path: 'refs/heads/main',
    ref_protected: 'true',
    sha: SHA,
  },
  mutations: [
    ...variants('project_id', '20'),
    ...variants('namespace_id', '72'),
    ['project_id', 20],
    ['project_id', '21'],
    ['job_project_id', '21'],
    ['job_project_id', 20],
    ['source_project_id', '99'],
    ['ref_path', 'refs/heads/Main'],
    ['ref_path', 'refs/tags/main'],
    ['ref_path', 'refs/merge-requests/1/head'],
    ['ref_path', undefined],
    ['ref_protected', 'false'],
    ['ref_protected', true],
    ['pipeline_source', 'merge_request_event'],
    ['pipeline_source', 'external_pull_request_event'],
    ['pipeline_source', 'parent_pipeline'],
    ['pipeline_source', 'pipeline'],
    ['pipeline_source', 'chat'],
    ['pipeline_source', 'webide'],
    ['pipeline_source', undefined],
  ],
};

const azuredevops: CiCase = {
  kind: 'azuredevops',
  fixed: { org_id: GUID('1'), prj_id: GUID('2'), rpo_id: GUID('3'), def_id: '7', rpo_ref: 'refs/heads/main' },
  claims: {
    sub: 'p://acme/Network Modules/release',
    org_id: GUID('1'),
    prj_id: GUID('2'),
    rpo_id: GUID('3'),
    def_id: '7',
    rpo_uri: 'https://dev.azure.com/acme/Network%20Modules/_git/vpc',
    rpo_ver: SHA,
    rpo_ref: 'refs/heads/main',
    run_id: '99',
  },
  mutations: [
    ...variants('org_id', GUID('1')),
    ...variants('prj_id', GUID('2')),
    ...variants('rpo_id', GUID('3')),
    ...variants('def_id', '7'),
    ['def_id', 7],
    ['rpo_ref', 'refs/pull/5/merge'],
    ['rpo_ref', 'refs/heads/other'],
    ['rpo_ref', undefined],
    ['sub', 'sc://acme/Network Modules/registry'],
    ['sub', undefined],
  ],
};

const generic: CiCase = {
  kind: 'generic',
  fixed: { sub: 'organization:acme:pipeline:release', pipeline_id: 'p-1', build_branch: 'main' },
  claims: {
    sub: 'organization:acme:pipeline:release',
    pipeline_id: 'p-1',
    build_branch: 'main',
    commit: SHA,
  },
  mutations: [
    ...variants('sub', 'organization:acme:pipeline:release'),
    ...variants('pipeline_id', 'p-1'),
    ...variants('build_branch', 'main'),
    ['event_name', 'pull_request_target'],
    ['pipeline_source', 'merge_request_event'],
  ],
};

/** One publisher of every kind of issuer. */
export const CI_CASES: readonly CiCase[] = [github, gitlab, azuredevops, generic];

/** The claims of a case with one of them changed. */
export function mutated({ claims }: CiCase, [name, value]: readonly [string, unknown]): Claims {
  const { [name]: _, ...others } = claims;
  return value === undefined ? others : { ...others, [name]: value };
}

/** A change in words. */
export function describeMutation([name, value]: readonly [string, unknown]): string {
  return value === undefined ? `without ${name}` : `${name} = ${JSON.stringify(value)}`;
}
