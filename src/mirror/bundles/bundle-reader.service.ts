import { Injectable } from '@nestjs/common';
import { OpenPgpVerifier } from '../../platform/signatures/openpgp-verifier.js';
import { InvalidPublicKey, InvalidSignature } from '../../platform/signatures/signatures.errors.js';
import { BundleInvalid, BundleSignerNotNamed, BundleSignerNotTrusted } from '../domain/bundle.errors.js';
import type { BundleHead } from './bundle-head.js';
import { BundleFile } from './bundle-file.js';
import type { BundleManifest } from './bundle-manifest.js';
import { parseManifest } from './manifest-text.js';

/** Whose bundles are taken; fingerprints have 40 upper-case hex digits. */
export interface ExpectedSigner {
  /** Named for this one bundle. */
  readonly named?: string | undefined;
  /** Those of the settings; none: only `named` decides. */
  readonly pinned: readonly string[];
}

/** A bundle whose signer, list and outline were verified. */
export interface OpenBundle {
  readonly manifest: BundleManifest;
  readonly signerFingerprint: string;
  readonly file: BundleFile;
}

/** Opens bundles: whoever did not sign them, and whatever was changed in them, is found before anything is used. */
@Injectable()
export class BundleReader {
  constructor(private readonly signatures: OpenPgpVerifier) {}

  /**
   * Verifies everything of a bundle but the content of its packages. The caller closes `file`. Throws
   * {@link BundleInvalid}, {@link BundleSignerNotTrusted}, {@link BundleSignerNotNamed}.
   */
  async open(path: string, expected: ExpectedSigner): Promise<OpenBundle> {
    if (expected.named === undefined && expected.pinned.length === 0) throw new BundleSignerNotNamed();
    const file = await BundleFile.open(path);
    try {
      const signerFingerprint = await this.verify(file.head);
      assertExpected(signerFingerprint, expected);
      const manifest = parseManifest(file.head.manifest);
      await file.checkLayout(manifest.releases);
      return { manifest, signerFingerprint, file };
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  private async verify({ manifest, signature, signer }: BundleHead): Promise<string> {
    try {
      const armor = signer.toString('latin1');
      const { key } = await this.signatures.verifyDetached({ data: manifest, signature, armor });
      return key.fingerprint;
    } catch (error) {
      if (!(error instanceof InvalidSignature) && !(error instanceof InvalidPublicKey)) throw error;
      throw new BundleInvalid('its signature does not count', { cause: error });
    }
  }
}

function assertExpected(found: string, { named, pinned }: ExpectedSigner): void {
  if (named !== undefined && named !== found) {
    throw new BundleSignerNotTrusted(found, `${named} was expected`);
  }
  if (pinned.length > 0 && !pinned.includes(found)) {
    throw new BundleSignerNotTrusted(found, 'mirror.bundle_signers does not list it');
  }
}
