import * as openpgp from 'openpgp';
import { expect } from 'vitest';
import type { TestApp } from '../../../support/test-app.js';
import { sha256 } from './expectations.js';

/** The download document of REST contract 6.2. */
export interface DownloadDocument {
  protocols: string[];
  os: string;
  arch: string;
  filename: string;
  download_url: string;
  shasums_url: string;
  shasums_signature_url: string;
  shasum: string;
  signing_keys: {
    gpg_public_keys: Record<'key_id' | 'ascii_armor' | 'trust_signature' | 'source' | 'source_url', string>[];
  };
  packages?: Record<string, { hashes: string[]; package_size: number }>;
}

/** Everything a client fetches to install one platform. */
export interface ServedRelease {
  readonly document: DownloadDocument;
  readonly zip: Buffer;
  readonly sums: Buffer;
  readonly signature: Buffer;
}

/** Asks as a CLI does, follows the three links without a credential, and checks what a client checks. */
export async function serveRelease(
  app: TestApp,
  provider: { namespace: string; type: string; version: string },
  platform = 'linux/amd64',
  key?: string,
): Promise<ServedRelease> {
  const path = `/v1/providers/${provider.namespace}/${provider.type}/${provider.version}/download/${platform}`;
  const answer = await app.request(path, { lean: true, key });
  expect(answer.status, answer.body.toString()).toBe(200);
  const document = answer.json<DownloadDocument & Record<string, unknown>>();
  const [zip, sums, signature] = await Promise.all(
    [document.download_url, document.shasums_url, document.shasums_signature_url].map(async (link) => {
      const file = await app.fetchLink(link);
      expect(file.status).toBe(200);
      return file.body;
    }),
  );
  const served = { document, zip: zip!, sums: sums!, signature: signature! };
  await expectInstallable(served);
  return served;
}

/** The checks of a client, with the OpenPGP library and not with the code of the product. */
async function expectInstallable({ document, zip, sums, signature }: ServedRelease): Promise<void> {
  expect(sha256(zip)).toBe(document.shasum);
  expect(sums.toString().split('\n')).toContain(`${document.shasum}  ${document.filename}`);
  expect(signature[0]! & 0x80, 'a binary signature').toBe(0x80);
  expect(document.signing_keys.gpg_public_keys.length).toBeGreaterThan(0);
  for (const { ascii_armor, key_id } of document.signing_keys.gpg_public_keys) {
    const fingerprint = await signerOf(sums, signature, ascii_armor);
    expect(fingerprint.slice(-16)).toBe(key_id);
  }
}

/** Upper-case fingerprint of the key that made the signature; throws when it is not that of `armor`. */
export async function signerOf(data: Buffer, signature: Buffer, armor: string): Promise<string> {
  const key = await openpgp.readKey({ armoredKey: armor });
  const result = await openpgp.verify({
    message: await openpgp.createMessage({ binary: new Uint8Array(data) }),
    signature: await openpgp.readSignature({ binarySignature: new Uint8Array(signature) }),
    verificationKeys: key,
  });
  await result.signatures[0]!.verified;
  return key.getFingerprint().toUpperCase();
}
