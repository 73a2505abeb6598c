import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OpenPgpSigner } from './openpgp-signer.js';
import { OpenPgpVerifier } from './openpgp-verifier.js';
import { InvalidPublicKey, InvalidSignature } from './signatures.errors.js';

const run = promisify(execFile);
const DATA = Buffer.from('0123  terraform-provider-x_1.0.0_linux_amd64.zip\n');
const hasGnuPg = await run('gpg', ['--version']).then(
  () => true,
  () => false,
);
if (!hasGnuPg) console.warn('SKIPPED: gpg is not on PATH, signatures are not compared with GnuPG.');

describe('the registry signs', () => {
  it('with a key that it generated, so that its own verifier accepts it', async () => {
    const { privateArmor, publicArmor } = await OpenPgpSigner.generate('Test only', 2048);
    const signer = await OpenPgpSigner.load(privateArmor);
    const verifier = new OpenPgpVerifier();
    const signature = await signer.sign(DATA);
    const verified = await verifier.verifyDetached({ data: DATA, signature, armor: publicArmor });
    expect(verified.key).toEqual(signer.publicKey);
    expect(verified.signature).toEqual(signature);
    expect(signature[0]! & 0x80).toBe(0x80);
  });

  it('not with what is not a private key, and says what to change', async () => {
    const { publicArmor } = await OpenPgpSigner.generate('Test only', 2048);
    await expect(OpenPgpSigner.load(publicArmor)).rejects.toThrow(/export-secret-keys/);
    await expect(OpenPgpSigner.load('garbage')).rejects.toThrow(/export-secret-keys/);
  });
});

describe.skipIf(!hasGnuPg)('GnuPG and the registry', () => {
  const verifier = new OpenPgpVerifier();
  let home: string;
  const gpg = (...args: string[]) =>
    run('gpg', ['--homedir', home, '--batch', '--yes', '--pinentry-mode', 'loopback', ...args]);
  const armorOf = async (user: string) => (await gpg('--armor', '--export', user)).stdout;
  const newKey = (user: string, algorithm: string, usage: string, ...more: string[]) =>
    gpg(...more, '--passphrase', '', '--quick-gen-key', user, algorithm, usage, 'never');

  async function signWith(user: string, ...options: string[]): Promise<Buffer> {
    const output = join(home, 'data.sig');
    const mode = options.includes('--textmode') ? [] : ['--no-textmode'];
    await gpg(
      ...mode,
      ...options,
      '--local-user',
      user,
      '--output',
      output,
      '--detach-sign',
      join(home, 'data'),
    );
    return readFile(output);
  }

  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'gnupg-'));
    await writeFile(join(home, 'data'), DATA);
    await newKey('rsa', 'rsa2048', 'sign');
    await newKey('ed', 'ed25519', 'sign');
  });

  afterAll(async () => {
    await run('gpgconf', ['--homedir', home, '--kill', 'all']).catch(() => undefined);
    await rm(home, { recursive: true, force: true });
  });

  it.each(['rsa', 'ed'])('agree on a detached signature of a key made by GnuPG (%s)', async (user) => {
    const armor = await armorOf(user);
    const verified = await verifier.verifyDetached({ data: DATA, signature: await signWith(user), armor });
    const listing = (await gpg('--with-colons', '--fingerprint', user)).stdout;
    expect(listing).toContain(`fpr:::::::::${verified.key.fingerprint}:`);
  });

  it('agree on a key of the usual kind, with an encryption subkey', async () => {
    await newKey('default', 'default', 'default');
    const signature = await signWith('default');
    const armor = await armorOf('default');
    expect((await verifier.verifyDetached({ data: DATA, signature, armor })).keyState).toBe('active');
  });

  it('agree on armored and on text-mode signatures (checklist 79)', async () => {
    const armor = await armorOf('rsa');
    const armored = await signWith('rsa', '--armor');
    expect(
      (await verifier.verifyDetached({ data: DATA, signature: armored, armor })).signature[0]! & 0x80,
    ).toBe(0x80);
    const text = await signWith('rsa', '--textmode');
    await expect(verifier.verifyDetached({ data: DATA, signature: text, armor })).rejects.toThrow(
      /text mode/,
    );
  });

  it('agree that SHA-1 is refused, and keys that cannot sign (checklist 81)', async () => {
    const armor = await armorOf('rsa');
    const weak = await signWith('rsa', '--digest-algo', 'SHA1');
    await expect(verifier.verifyDetached({ data: DATA, signature: weak, armor })).rejects.toThrow(
      InvalidSignature,
    );
    await newKey('certify', 'rsa2048', 'cert');
    await expect(verifier.readPublicKey(await armorOf('certify'))).rejects.toThrow(/may sign data/);
    await newKey('sha1', 'rsa2048', 'sign', '--cert-digest-algo', 'SHA1');
    await expect(verifier.readPublicKey(await armorOf('sha1'))).rejects.toThrow(InvalidPublicKey);
    await newKey('brainpool', 'brainpoolP256r1', 'sign');
    await expect(verifier.readPublicKey(await armorOf('brainpool'))).rejects.toThrow(/is not accepted/);
    await newKey('bitcoin', 'secp256k1', 'sign');
    await expect(verifier.readPublicKey(await armorOf('bitcoin'))).rejects.toThrow(/is not accepted/);
  });

  it('agree on a signature made by the registry, also with a key from GnuPG with a passphrase', async () => {
    const { privateArmor, publicArmor } = await OpenPgpSigner.generate('Registry', 2048);
    await writeFile(join(home, 'registry.asc'), publicArmor);
    await gpg('--import', join(home, 'registry.asc'));
    const signer = await OpenPgpSigner.load(privateArmor);
    await writeFile(join(home, 'ours.sig'), await signer.sign(DATA));
    const { stderr } = await gpg('--verify', join(home, 'ours.sig'), join(home, 'data'));
    expect(stderr).toMatch(/Good signature from "Registry/);

    await gpg('--passphrase', 'test only', '--quick-gen-key', 'locked', 'rsa2048', 'sign', 'never');
    const secret = await gpg('--passphrase', 'test only', '--armor', '--export-secret-keys', 'locked');
    await expect(OpenPgpSigner.load(secret.stdout)).rejects.toThrow(/set its passphrase/);
    await expect(OpenPgpSigner.load(secret.stdout, 'wrong')).rejects.toThrow(/passphrase is wrong/);
    const locked = await OpenPgpSigner.load(secret.stdout, 'test only');
    const signature = await locked.sign(DATA);
    await verifier.verifyDetached({ data: DATA, signature, armor: await armorOf('locked') });
  });
});
