import { Injectable } from '@nestjs/common';
import { BundleKeyNotTrusted } from '../domain/bundle.errors.js';
import type { Mirror } from '../domain/mirror.js';
import { ReleaseKeyNotTrusted } from '../domain/mirror.errors.js';
import { MirrorKeys } from '../keys/mirror-keys.service.js';
import { ReleaseVerifier, type VerifiedRelease } from '../fetching/release-verifier.js';
import type { AdmittedImport } from './bundle-admission.service.js';
import type { BundledRelease } from './bundle-manifest.js';

/** Proves who made a release of a bundle: whoever exported it vouches for the copy, never for the publisher. */
@Injectable()
export class BundleProof {
  constructor(
    private readonly verifier: ReleaseVerifier,
    private readonly keys: MirrorKeys,
  ) {}

  /**
   * Verifies the publisher's signature with the keys that count for the mirror. Throws a `MirrorFailure`, and
   * {@link BundleKeyNotTrusted} for a key that somebody has to decide about.
   */
  async prove(
    mirror: Mirror,
    { namespace, type, version, shasums, signature, keyArmor }: BundledRelease,
    { admission, held }: AdmittedImport,
  ): Promise<VerifiedRelease> {
    const trust = await this.keys.trustFor(mirror, namespace, admission.needsKnownKey);
    const what = `${namespace}/${type} ${version.text}`;
    try {
      return await this.verifier.prove(what, { keys: [keyArmor] }, trust, { shasums, signature }, held);
    } catch (error) {
      if (!(error instanceof ReleaseKeyNotTrusted)) throw error;
      throw new BundleKeyNotTrusted(await this.keys.noteStranger(mirror, namespace, error), { cause: error });
    }
  }

  /** Pins the key unless one is pinned; in the transaction that stores the release. */
  learn(mirror: Mirror, { namespace }: BundledRelease, proved: VerifiedRelease): Promise<void> {
    return this.keys.learn(mirror, namespace, proved);
  }
}
