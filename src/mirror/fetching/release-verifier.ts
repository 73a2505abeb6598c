import { Injectable } from '@nestjs/common';
import { InvalidShasums } from '../../kernel/terraform/terraform.errors.js';
import { Shasums } from '../../kernel/terraform/shasums.js';
import { OpenPgpVerifier, type VerifiedSignature } from '../../platform/signatures/openpgp-verifier.js';
import type { PublicKeyInfo, PublicKeyState } from '../../platform/signatures/public-key-info.js';
import { InvalidPublicKey, InvalidSignature } from '../../platform/signatures/signatures.errors.js';
import type { HeldPackage } from '../domain/mirror-plan.js';
import {
  ReleaseChecksumsInvalid,
  ReleaseDigestsDisagree,
  ReleaseKeyNotTrusted,
  ReleaseKeyRevoked,
  ReleaseMutated,
  ReleaseSignatureInvalid,
  ReleaseUnsigned,
  UpstreamNotFound,
} from '../domain/mirror.errors.js';
import { vouchedKeys } from '../keys/vouched-keys.js';
import { assertUsable } from '../upstream/answer-status.js';
import type { PackageDocument } from '../upstream/registry-client.js';
import { UpstreamFetch } from '../upstream/upstream-fetch.js';

const MAX_SHASUMS_BYTES = 1024 * 1024;
const MAX_SIGNATURE_BYTES = 64 * 1024;
const MAX_BLOCKS = 8;
const BLOCK_END = '\n-----END PGP PUBLIC KEY BLOCK-----';

/** Whose signatures count for a namespace of an upstream. */
export interface KeyTrust {
  /** Armored public keys that were shipped or approved, one or more in a text. With one of them, no other key counts. */
  readonly approved: readonly string[];
  /** Fingerprints (upper-case hex) that never count, whatever else is said. */
  readonly revoked?: readonly string[];
  /** Armored public keys that count as long as no key is approved, and shut no other key out. */
  readonly roots?: readonly string[];
  /** Armored public keys whose owners vouch for others: as long as no key is approved, those count too. */
  readonly vouchers?: readonly string[];
  /** What happens to a key that nobody knows while none is approved: hold the release back, or take it and tell its key. */
  readonly onFirstUse: 'hold' | 'accept';
}

/** The checksums of a release, proved by a signature. */
export interface VerifiedRelease {
  /** SHA256SUMS byte for byte, to be stored and served. */
  readonly shasums: Buffer;
  /** The detached signature in binary form, to be stored and served. */
  readonly signature: Buffer;
  /** Digest (64 lower-case hex digits) by file name. */
  readonly entries: ReadonlyMap<string, string>;
  readonly key: PublicKeyInfo;
  /** `expired`: signed while the key was valid. */
  readonly keyState: PublicKeyState;
  readonly signedAt: Date;
  /** `first-use`: the upstream named the key itself and nobody has approved it; the caller pins its fingerprint. */
  readonly trust: 'approved' | 'first-use';
}

/** The keys that come with a release. */
export type OfferedKeys = Pick<PackageDocument, 'keys' | 'vouched'>;

/** Proves who made a release, before anything of it is fetched (threats F1, F2, F3, F5). */
@Injectable()
export class ReleaseVerifier {
  constructor(
    private readonly fetcher: UpstreamFetch,
    private readonly signatures: OpenPgpVerifier,
  ) {}

  /**
   * Fetches and verifies the checksum document that a description points to. `held` is what is here of the version:
   * its digests must still be those of the document. Throws a `MirrorFailure`.
   */
  async verify(
    document: PackageDocument,
    trust: KeyTrust,
    held: readonly Pick<HeldPackage, 'filename' | 'digest'>[] = [],
    signal?: AbortSignal,
  ): Promise<VerifiedRelease> {
    const what = releaseOf(document);
    const shasums = await this.read(
      document.shasumsUrl,
      what,
      'checksum document',
      MAX_SHASUMS_BYTES,
      signal,
    );
    const signature = await this.read(document.signatureUrl, what, 'signature', MAX_SIGNATURE_BYTES, signal);
    return this.prove(what, document, trust, { shasums, signature }, held);
  }

  /** The same for checksums that did not come over the network, e.g. those of a bundle; `what` names the release. */
  async prove(
    what: string,
    offered: OfferedKeys,
    trust: KeyTrust,
    { shasums, signature }: Pick<VerifiedRelease, 'shasums' | 'signature'>,
    held: readonly Pick<HeldPackage, 'filename' | 'digest'>[] = [],
  ): Promise<VerifiedRelease> {
    const proof = await this.proveSignature(what, offered, trust, { data: shasums, signature });
    const entries = readEntries(what, shasums);
    for (const { filename, digest } of held) {
      const now = entries.get(filename);
      if (now !== digest) throw new ReleaseMutated(filename, digest, now ?? 'not listed');
    }
    return { shasums, entries, ...proof };
  }

  /** Demands that the signed checksums say what the description says. Throws `ReleaseChecksumsInvalid`, `ReleaseDigestsDisagree`. */
  assertListed(document: PackageDocument, { entries }: Pick<VerifiedRelease, 'entries'>): void {
    const { filename, digest } = document;
    const signed = entries.get(filename);
    if (signed === undefined) {
      throw new ReleaseChecksumsInvalid(releaseOf(document), `it has no line for ${filename}`);
    }
    if (signed !== digest) throw new ReleaseDigestsDisagree(filename, digest, signed);
  }

  private async read(
    url: URL,
    release: string,
    part: string,
    maxBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<Buffer> {
    const what = `the ${part} of ${release}`;
    try {
      const answer = await this.fetcher.read(url, { what, maxBytes, signal });
      assertUsable(answer, what);
      return answer.body;
    } catch (error) {
      throw error instanceof UpstreamNotFound ? new ReleaseUnsigned(release, part) : error;
    }
  }

  private async proveSignature(
    what: string,
    offeredKeys: OfferedKeys,
    trust: KeyTrust,
    signed: { readonly data: Buffer; readonly signature: Buffer },
  ): Promise<Omit<VerifiedRelease, 'shasums' | 'entries'>> {
    const offered = await this.readable(offeredKeys.keys);
    const hasApproved = trust.approved.length > 0;
    const trusted = await this.trustedKeys(offeredKeys, trust);
    const fingerprints = new Set(trusted.map(({ fingerprint }) => fingerprint));
    // A copy from the upstream may tell of a later expiry or a revocation; only the owner can sign either.
    const known = offered.filter(({ fingerprint }) => fingerprints.has(fingerprint));
    const strangers = offered.filter(({ fingerprint }) => !fingerprints.has(fingerprint));
    const revoked = new Set([
      ...(trust.revoked ?? []),
      ...[...offered, ...trusted].filter((key) => key.isRevoked).map(({ fingerprint }) => fingerprint),
    ]);
    const { verified, refusal } = await this.firstThatVerifies([...known, ...trusted], signed);
    const stranger = verified ? undefined : await this.firstThatVerifies(strangers, signed);
    for (const found of [verified?.key, refusal, stranger?.verified?.key, stranger?.refusal]) {
      const fingerprint = found?.fingerprint;
      if (fingerprint !== undefined && revoked.has(fingerprint)) {
        throw new ReleaseKeyRevoked(what, fingerprint);
      }
    }
    const proof = verified ?? stranger?.verified;
    if (proof === undefined) {
      const reasons = hasApproved ? [refusal] : [stranger?.refusal, refusal];
      const told = reasons.find((one) => one?.fingerprint !== undefined) ?? reasons.find(Boolean);
      throw new ReleaseSignatureInvalid(what, told?.reason ?? 'no key was named that can be read');
    }
    const { key, keyState, signedAt, signature } = proof;
    if (verified === undefined && (hasApproved || trust.onFirstUse === 'hold')) {
      throw new ReleaseKeyNotTrusted(what, key.fingerprint, key.armor, !hasApproved);
    }
    return { key, keyState, signedAt, signature, trust: verified ? 'approved' : 'first-use' };
  }

  /** The keys that count whoever offers them: the approved ones, else the roots and those that somebody vouches for. */
  private async trustedKeys({ vouched = [] }: OfferedKeys, trust: KeyTrust): Promise<PublicKeyInfo[]> {
    if (trust.approved.length > 0) return this.readable(trust.approved);
    const { roots = [], vouchers = [] } = trust;
    return [...(await this.readable(roots)), ...(await vouchedKeys(this.signatures, vouched, vouchers))];
  }

  private async readable(armors: readonly string[]): Promise<PublicKeyInfo[]> {
    const keys: PublicKeyInfo[] = [];
    for (const armor of armors.flatMap(blocksOf)) {
      try {
        keys.push(await this.signatures.readPublicKey(armor));
      } catch (error) {
        if (!(error instanceof InvalidPublicKey)) throw error;
      }
    }
    return keys;
  }

  private async firstThatVerifies(
    keys: readonly PublicKeyInfo[],
    signed: { readonly data: Buffer; readonly signature: Buffer },
  ): Promise<{ verified?: VerifiedSignature; refusal?: Refusal }> {
    let refusal: Refusal | undefined;
    for (const { armor, fingerprint } of keys) {
      try {
        return { verified: await this.signatures.verifyDetached({ ...signed, armor }) };
      } catch (error) {
        if (!(error instanceof InvalidSignature)) throw error;
        const reason = error.message.replace(/^Invalid checksums: /, '');
        // "Another key" says least: what a key that fits has against the signature comes first.
        if (isByAnotherKey(reason)) refusal ??= { reason };
        else if (refusal?.fingerprint === undefined) refusal = { reason, fingerprint };
      }
    }
    return refusal === undefined ? {} : { refusal };
  }
}

/** The blocks of an armored text: HashiCorp's own key comes as two copies behind each other. */
function blocksOf(armor: string): string[] {
  const blocks = armor.split(BLOCK_END).slice(0, -1);
  return blocks.slice(0, MAX_BLOCKS).map((block) => `${block.trim()}${BLOCK_END}`);
}

/** Why no key verified a signature; `fingerprint` is that of the key that made it. */
interface Refusal {
  readonly reason: string;
  readonly fingerprint?: string;
}

/** What {@link OpenPgpVerifier} says of a signature that none of the given keys made. */
function isByAnotherKey(reason: string): boolean {
  return reason.includes('made with another key');
}

function readEntries(what: string, shasums: Buffer): ReadonlyMap<string, string> {
  try {
    return Shasums.parse(shasums).entries;
  } catch (error) {
    if (!(error instanceof InvalidShasums)) throw error;
    throw new ReleaseChecksumsInvalid(what, error.message.replace(/^Invalid checksums: /, ''), {
      cause: error,
    });
  }
}

function releaseOf({ name, version }: PackageDocument): string {
  return `${name.namespace}/${name.type} ${version}`;
}
