import { Matches } from 'class-validator';
import { Setting } from './setting.decorator.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const GIGABYTE = 1024 ** 3;
/** `host=template`; the parts of the repository stand behind the host. */
const GIT_ARCHIVE =
  /^[A-Za-z0-9.-]{1,253}(?::\d{1,5})?=(?=.*\{repository\})(?=.*\{ref\})https?:\/\/[A-Za-z0-9.:[\]-]{1,260}\/[\x21-\x7e]{1,1000}$/;

/** How mirrors of upstream registries are kept current, and what one run may take. */
export class MirrorConfig {
  @Setting({
    key: 'mirror.check_interval',
    type: 'duration',
    min: SECOND,
    max: 24 * HOUR,
    description: 'How often mirrors are looked for whose next run is due.',
  })
  readonly checkIntervalMs: number = 10 * MINUTE;

  @Setting({
    key: 'mirror.download_concurrency',
    type: 'int',
    min: 1,
    max: 64,
    description: 'Packages that one run fetches at a time.',
  })
  readonly downloadConcurrency: number = 4;

  @Setting({
    key: 'mirror.processor_share',
    type: 'int',
    min: 1,
    max: 100,
    description:
      'Percent of one processor core that a process may compute while it works on a run: beyond it, the run pauses between versions so that readers come first. It makes no pauses while no client has asked for anything for ten seconds. 100: never any.',
  })
  readonly processorShare: number = 5;

  @Setting({
    key: 'mirror.list_interval',
    type: 'duration',
    min: 0,
    max: HOUR,
    description:
      'How much later than a version that a run brings lists of versions show it; at the end of the provider they always do. 0: at once, which readers of the same process notice when a provider has hundreds of versions.',
  })
  readonly listIntervalMs: number = 5 * SECOND;

  @Setting({
    key: 'mirror.download_timeout',
    type: 'duration',
    min: SECOND,
    max: 24 * HOUR,
    description: 'Longest time to fetch one package, with up to three attempts.',
  })
  readonly downloadTimeoutMs: number = 10 * MINUTE;

  @Setting({
    key: 'mirror.lease',
    type: 'duration',
    min: SECOND,
    max: HOUR,
    description:
      'A run whose worker stops renewing its lease for this long is taken over by another process.',
  })
  readonly leaseMs: number = MINUTE;

  @Setting({
    key: 'mirror.max_pending_requests',
    type: 'int',
    min: 1,
    max: 100_000,
    description:
      'Requests for approvals of one mirror that may wait at a time for runs and pull-through to make another one.',
  })
  readonly maxPendingRequests: number = 1_000;

  @Setting({
    key: 'mirror.approval_check_interval',
    type: 'duration',
    min: SECOND,
    max: 24 * HOUR,
    description: 'How often approvals are looked for that have expired; what they allowed is held back then.',
  })
  readonly approvalCheckIntervalMs: number = MINUTE;

  @Setting({
    key: 'mirror.history',
    type: 'int',
    min: 1,
    max: 10_000,
    description: 'Ended runs of a mirror that are kept for its history.',
  })
  readonly history: number = 100;

  @Setting({
    key: 'mirror.plan_timeout',
    type: 'duration',
    min: SECOND,
    max: HOUR,
    description: 'Longest time of a dry run; it answers what it has found until then.',
  })
  readonly planTimeoutMs: number = MINUTE;

  @Setting({
    key: 'mirror.plan_concurrency',
    type: 'int',
    min: 1,
    max: 64,
    description: 'Dry runs that one process makes at a time; further ones are refused.',
  })
  readonly planConcurrency: number = 4;

  @Setting({
    key: 'mirror.plan_size_checks',
    type: 'int',
    min: 0,
    max: 10_000,
    description:
      'Packages of a dry run whose size is asked for at the upstream; the size of the others is unknown.',
  })
  readonly planSizeChecks: number = 50;

  @Setting({
    key: 'mirror.plan_lines',
    type: 'int',
    min: 1,
    max: 1_000_000,
    description:
      'Packages that a dry run lists, and as many lines about what it leaves out; all are counted.',
  })
  readonly planLines: number = 10_000;

  @Setting({
    key: 'mirror.retention_interval',
    type: 'duration',
    min: MINUTE,
    max: 30 * 24 * HOUR,
    description: 'How often versions are removed that mirrors do not keep (keep_versions, keep_used_days).',
  })
  readonly retentionIntervalMs: number = 24 * HOUR;

  @Setting({
    key: 'mirror.bundle_max_size',
    type: 'size',
    min: 1024 * 1024,
    max: 1024 * GIGABYTE,
    description:
      'Largest bundle of providers that is taken in an upload; the command `mirror import` has no limit.',
  })
  readonly bundleMaxBytes: number = 20 * GIGABYTE;

  @Setting({
    key: 'mirror.bundle_signers',
    type: 'list',
    description:
      'Fingerprints (40 hex digits) of the signing keys of registries whose bundles may be imported; empty: whoever imports names one.',
  })
  readonly bundleSigners: readonly string[] = [];

  @Setting({
    key: 'mirror.pull_through_wait',
    type: 'duration',
    min: 100,
    max: 10 * MINUTE,
    description:
      'Longest time that a client waits until another process has asked the upstream; then it is told to try again.',
  })
  readonly pullThroughWaitMs: number = 8 * SECOND;

  @Setting({
    key: 'mirror.pull_through_memory',
    type: 'duration',
    min: 0,
    max: 24 * HOUR,
    description:
      'How long a mirror with pull-through goes by what the upstream said about versions and checksums.',
  })
  readonly pullThroughMemoryMs: number = 5 * MINUTE;

  @Setting({
    key: 'mirror.pull_through_absence',
    type: 'duration',
    min: 0,
    max: 24 * HOUR,
    description:
      'How long a mirror with pull-through remembers that the upstream does not have something, or may not give it.',
  })
  readonly pullThroughAbsenceMs: number = MINUTE;

  @Setting({
    key: 'mirror.pull_through_trouble',
    type: 'duration',
    min: 0,
    max: HOUR,
    description:
      'How long an upstream that could not be reached is left alone by a mirror with pull-through.',
  })
  readonly pullThroughTroubleMs: number = 10 * SECOND;

  @Setting({
    key: 'mirror.pull_through_concurrency',
    type: 'int',
    min: 1,
    max: 1_000,
    description: 'Packages that one process fetches at a time because somebody asks for them.',
  })
  readonly pullThroughConcurrency: number = 8;

  @Setting({
    key: 'mirror.git_archives',
    type: 'list',
    description:
      'Where hosts of git repositories answer with archives, as host=https://…{owner}…{repository}…{ref}: for modules that upstreams keep there. github.com, gitlab.com and bitbucket.org are known.',
  })
  @Matches(GIT_ARCHIVE, {
    each: true,
    message:
      'expected host=address, the address with {repository} and {ref} in its path, e.g. git.example.com=https://git.example.com/{owner}/{repository}/archive/{ref}.tar.gz',
  })
  readonly gitArchives: readonly string[] = [];
}
