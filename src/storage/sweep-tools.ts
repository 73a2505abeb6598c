import { Injectable } from '@nestjs/common';
import { Transactions } from '../platform/database/transactions.js';
import { ArtifactSweepRepository } from './persistence/artifact-sweep.repository.js';
import { StorageEpochs } from './storage-epochs.service.js';

/** What every pass of the sweep works with. */
@Injectable()
export class SweepTools {
  constructor(
    readonly rows: ArtifactSweepRepository,
    readonly epochs: StorageEpochs,
    readonly transactions: Transactions,
  ) {}
}
