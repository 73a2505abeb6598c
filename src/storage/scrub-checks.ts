import { Injectable } from '@nestjs/common';
import type { Artifact } from './domain/artifact.js';

/** An artifact whose bytes are those of its digest. */
export type CheckedArtifact = Pick<Artifact, 'id' | 'key' | 'digest'>;

/** What is wrong with what the bytes are to prove, in a sentence for the operator; undefined when nothing is. */
export type ScrubCheck = (artifact: CheckedArtifact) => Promise<string | undefined>;

/**
 * What features know about artifacts beyond their bytes, for instance that a signature holds: storage knows no
 * feature. A check that throws has not found anything out.
 */
@Injectable()
export class ScrubChecks {
  private readonly checks: ScrubCheck[] = [];

  /** Adds the knowledge of one feature. */
  register(check: ScrubCheck): void {
    this.checks.push(check);
  }

  /** The first complaint about an artifact. */
  async complaint(artifact: CheckedArtifact): Promise<string | undefined> {
    for (const check of this.checks) {
      const complaint = await check(artifact);
      if (complaint !== undefined) return complaint;
    }
    return undefined;
  }
}
