import { Injectable } from '@nestjs/common';
import { sha256Hex } from '../kernel/sha256.js';
import { Shasums } from '../kernel/terraform/shasums.js';
import { InvalidShasums } from '../kernel/terraform/terraform.errors.js';
import { OpenPgpVerifier } from '../platform/signatures/openpgp-verifier.js';
import { InvalidPublicKey, InvalidSignature } from '../platform/signatures/signatures.errors.js';
import type { CheckedArtifact } from '../storage/scrub-checks.js';
import {
  type ProviderEvidence,
  ProviderEvidenceRepository,
} from './persistence/provider-evidence.repository.js';

/**
 * What must hold for the stored files of provider versions beyond their bytes: the recorded key signed the checksum
 * document, and the document lists each package with its digest. A key that has expired since, or was revoked in its
 * namespace, changes nothing about that.
 */
@Injectable()
export class ProviderScrubCheck {
  constructor(
    private readonly evidence: ProviderEvidenceRepository,
    private readonly verifier: OpenPgpVerifier,
  ) {}

  /** What is wrong, in a sentence for the operator. */
  async complaint({ id, digest }: CheckedArtifact): Promise<string | undefined> {
    for (const version of await this.evidence.signedWith(id)) {
      const complaint = (await this.signatureComplaint(version)) ?? documentComplaint(version, digest);
      if (complaint !== undefined) return `version ${version.version}: ${complaint}`;
    }
    for (const { filename, shasums } of await this.evidence.packagedIn(id)) {
      const complaint = packageComplaint(shasums, filename, digest);
      if (complaint !== undefined) return complaint;
    }
    return undefined;
  }

  private async signatureComplaint(version: ProviderEvidence): Promise<string | undefined> {
    const { shasums, signature, signingKeyArmor, signingKeyFingerprint } = version;
    try {
      const verified = await this.verifier.verifyDetached({
        data: Buffer.from(shasums),
        signature,
        armor: signingKeyArmor,
      });
      if (verified.key.fingerprint === signingKeyFingerprint) return undefined;
      return 'the recorded key is not the one that signed';
    } catch (error) {
      if (error instanceof InvalidSignature || error instanceof InvalidPublicKey) return error.message;
      throw error;
    }
  }
}

/** The document and its signature in the database are those that are stored. */
function documentComplaint({ shasums, signature }: ProviderEvidence, digest: string): string | undefined {
  const isOne = digest === sha256Hex(Buffer.from(shasums)) || digest === sha256Hex(signature);
  return isOne ? undefined : 'the stored checksum document or signature is not the one that was recorded';
}

function packageComplaint(shasums: string, filename: string, digest: string): string | undefined {
  try {
    const listed = Shasums.parse(shasums).entries.get(filename);
    if (listed === digest) return undefined;
    return `the signed checksum document ${listed === undefined ? 'does not list' : 'has another digest for'} ${filename}`;
  } catch (error) {
    if (error instanceof InvalidShasums) return error.message;
    throw error;
  }
}
