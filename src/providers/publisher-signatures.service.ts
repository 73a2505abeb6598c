import { Injectable } from '@nestjs/common';
import { Shasums } from '../kernel/terraform/shasums.js';
import type { PublishGrant } from '../orgs/domain/publish-grant.js';
import { OpenPgpVerifier } from '../platform/signatures/openpgp-verifier.js';
import type { PublicKeyInfo } from '../platform/signatures/public-key-info.js';
import type { PublisherSums } from './domain/provider-release.js';
import { InvalidReleaseChecksums, SigningKeyNotRegistered } from './domain/providers.errors.js';
import { SigningKeys } from './signing-keys.service.js';

/** The parts of an upload that speak about signing. */
export interface SentSignature {
  /** Armored public key. */
  readonly publisherKey?: string;
  /** `SHA256SUMS`, byte for byte. */
  readonly shasums?: Buffer;
  /** Its detached signature, binary or armored. */
  readonly signature?: Buffer;
}

/** What was verified of it. */
export interface VerifiedPublisher {
  /** The key sent along, in normal form. */
  readonly publisherKeyArmor?: string;
  /** Present when a checksum document came with a signature that counts for the namespace. */
  readonly sums?: PublisherSums;
  /** The checksum document that came without a signature. */
  readonly unsignedShasums?: string;
}

/**
 * Decides whose signature counts (REST contract 30.3): once a namespace has registered keys only these,
 * before that the key sent along.
 */
@Injectable()
export class PublisherSignatures {
  constructor(
    private readonly verifier: OpenPgpVerifier,
    private readonly keys: SigningKeys,
  ) {}

  /** @throws InvalidPublicKey, SigningKeyNotRegistered, InvalidSignature, InvalidShasums, InvalidReleaseChecksums */
  async verify(grant: PublishGrant, sent: SentSignature): Promise<VerifiedPublisher> {
    const sentKey =
      sent.publisherKey === undefined ? undefined : await this.verifier.readPublicKey(sent.publisherKey);
    const registered = await this.keys.registeredFor(grant.namespace);
    if (
      sentKey &&
      registered.length > 0 &&
      !registered.some((key) => !key.isRevoked && key.fingerprint === sentKey.fingerprint)
    ) {
      throw new SigningKeyNotRegistered();
    }
    const sums = await this.verifySums(
      sent,
      registered.length > 0 ? registered.filter((key) => !key.isRevoked) : sentKey ? [sentKey] : [],
    );
    const unsignedShasums = sums ? undefined : sent.shasums?.toString('utf8');
    return { publisherKeyArmor: sentKey?.armor, sums, unsignedShasums };
  }

  private async verifySums(
    sent: SentSignature,
    keys: readonly PublicKeyInfo[],
  ): Promise<PublisherSums | undefined> {
    if (sent.shasums === undefined) {
      if (sent.signature !== undefined)
        throw new InvalidReleaseChecksums('shasums_signature_file needs shasums_file');
      return undefined;
    }
    Shasums.parse(sent.shasums);
    if (sent.signature === undefined) return undefined;
    if (keys.length === 0) {
      throw new InvalidReleaseChecksums(
        'no key to verify the signature with; send gpg_public_key, or register the key',
      );
    }
    const verified = await this.verifier.verifyDetached({
      data: sent.shasums,
      signature: sent.signature,
      armor: keys.map((key) => key.armor),
    });
    return {
      text: sent.shasums.toString('utf8'),
      signature: verified.signature,
      keyFingerprint: verified.key.fingerprint,
      keyArmor: verified.key.armor,
    };
  }
}
