import { Injectable } from '@nestjs/common';
import { Sha256Hash } from '../kernel/sha256.js';
import { ArtifactKey } from './artifact-key.js';
import type { Artifact } from './domain/artifact.js';
import type { Finding } from './domain/verify-report.js';
import { ObjectStore } from './object-store.js';
import { ObjectNotFound, ObjectStoreUnavailable } from './object-store.errors.js';

/** What was found out about one artifact. */
export interface BlobCheck {
  readonly findings: readonly Finding[];
  /** Bytes that were read. */
  readonly bytes: number;
}

/** Reads the bytes of an artifact and compares them with its row. */
@Injectable()
export class BlobInspector {
  constructor(private readonly objects: ObjectStore) {}

  /**
   * Missing bytes are a finding only for a committed artifact: a staged or doomed one may have none. Throws
   * ObjectStoreUnavailable when the store cannot be asked.
   */
  async check(artifact: Artifact): Promise<BlobCheck> {
    const findings: Finding[] = [];
    const report = (kind: Finding['kind'], detail?: string) =>
      findings.push({ kind, subject: artifact.key, ...(detail !== undefined && { detail }) });
    const key = ArtifactKey.parse(artifact.key);
    if (key?.digest !== artifact.digest) report('key-mismatch', `the row says ${artifact.digest}`);
    try {
      const { digest, size } = await this.hash(artifact.key);
      if (size !== artifact.sizeBytes) report('wrong-size', `${size} bytes instead of ${artifact.sizeBytes}`);
      else if (digest !== artifact.digest && digest !== key?.digest)
        report('wrong-digest', `found ${digest}`);
      return { findings, bytes: size };
    } catch (error) {
      if (error instanceof ObjectStoreUnavailable) throw error;
      const isMissing = error instanceof ObjectNotFound;
      if (!isMissing) report('unreadable-blob');
      else if (artifact.state === 'committed') report('missing-blob');
      return { findings, bytes: 0 };
    }
  }

  private async hash(path: string): Promise<{ digest: string; size: number }> {
    const { stream } = await this.objects.get(path);
    const hash = new Sha256Hash();
    let size = 0;
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      hash.update(chunk);
      size += chunk.length;
    }
    return { digest: hash.hex(), size };
  }
}
