import { Setting } from './setting.decorator.js';

/** How finely downloads are told apart, and how much of them one answer covers. */
export class UsageConfig {
  @Setting({
    key: 'usage.max_client_versions',
    type: 'int',
    min: 1,
    max: 10_000,
    description:
      'How many versions of Terraform and OpenTofu are told apart for one version or package on one day; further ones are counted as "other".',
  })
  readonly maxClientVersions: number = 100;

  @Setting({
    key: 'usage.max_report_days',
    type: 'int',
    min: 1,
    max: 36_500,
    description: 'The longest time, in days, that one usage report or top list covers.',
  })
  readonly maxReportDays: number = 731;
}
