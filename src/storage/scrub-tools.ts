import { Injectable } from '@nestjs/common';
import { Metrics } from '../platform/metrics/metrics.js';
import { ScrubArtifactsRepository } from './persistence/scrub-artifacts.repository.js';
import { ScrubCyclesRepository } from './persistence/scrub-cycles.repository.js';
import { ScrubChecks } from './scrub-checks.js';
import { ScrubRecords } from './scrub-records.service.js';
import { ScrubRepair } from './scrub-repair.service.js';

/** What every pass of the scrub works with. */
@Injectable()
export class ScrubTools {
  constructor(
    readonly rows: ScrubArtifactsRepository,
    readonly cycles: ScrubCyclesRepository,
    readonly checks: ScrubChecks,
    readonly records: ScrubRecords,
    readonly repair: ScrubRepair,
    readonly metrics: Metrics,
  ) {}
}
