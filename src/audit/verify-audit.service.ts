import { Injectable } from '@nestjs/common';
import { ChainVerifier } from './chain-verifier.js';
import type { ChainFault } from './domain/chain-fault.js';
import { PERSON_ERASED } from './domain/audit-actions.js';
import { AuditVerificationRepository } from './persistence/audit-verification.repository.js';

const ROWS_PER_READ = 1_000;

/** The outcome for one chain. */
export interface ChainReport {
  readonly chain: string;
  /** How many entries were checked. */
  readonly entries: number;
  readonly faults: readonly ChainFault[];
}

/** Checks the hash chains of the audit log against their entries (threat J8). Memory does not grow with the log. */
@Injectable()
export class VerifyAudit {
  constructor(private readonly repository: AuditVerificationRepository) {}

  /** The chains of the log. */
  chains(): Promise<string[]> {
    return this.repository.chains();
  }

  /** The chain of the organization with this name. */
  chainOfOrganization(name: string): Promise<string | undefined> {
    return this.repository.organizationNamed(name);
  }

  /** Checks one chain up to the end it has now, while others may append to it and retention may shorten it. */
  async verify(chain: string): Promise<ChainReport> {
    for (;;) {
      const erased = await this.repository.erasedUsers(PERSON_ERASED);
      const start = await this.repository.checkpoint(chain);
      const head = await this.repository.head(chain);
      const verifier = new ChainVerifier(start, erased);
      const entries = await this.read(chain, verifier, head?.seq ?? Number.MAX_SAFE_INTEGER);
      const faults = verifier.finish(head);
      const wasShortened = (await this.repository.checkpoint(chain)).seq !== start.seq;
      if (faults.length === 0 || !wasShortened) return { chain, entries, faults };
    }
  }

  private async read(chain: string, verifier: ChainVerifier, last: number): Promise<number> {
    let count = 0;
    for (;;) {
      const rows = await this.repository.entries(chain, verifier.lastSeq, last, ROWS_PER_READ);
      for (const row of rows) verifier.add(row);
      count += rows.length;
      if (rows.length < ROWS_PER_READ) return count;
    }
  }
}
