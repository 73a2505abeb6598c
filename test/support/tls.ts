import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

/** A private certificate authority and a certificate for loopback, as PEM text and as files. */
export interface TestTls {
  ca: string;
  cert: string;
  key: string;
  caFile: string;
  certFile: string;
  keyFile: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 86_400_000;

function pem(der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
}

/** An authority of a test that issues certificates. */
export interface TestAuthority {
  readonly certificate: x509.X509Certificate;
  readonly keys: CryptoKeyPair;
}

/** What a certificate says; unless told, it is for loopback and good for a day. */
export interface WantedCertificate {
  readonly names?: readonly x509.JsonGeneralName[];
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Signs itself instead of being signed by the authority. */
  readonly isSelfSigned?: boolean;
}

const LOOPBACK: readonly x509.JsonGeneralName[] = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
];

/** Makes an authority that is good for a day. TEST ONLY. */
export async function makeAuthority(): Promise<TestAuthority> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Test only CA',
    serialNumber: '01',
    notBefore: new Date(Date.now() - DAY_MS),
    notAfter: new Date(Date.now() + DAY_MS),
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  return { certificate, keys };
}

/** Issues a certificate for a server, as PEM text. TEST ONLY. */
export async function issueCertificate(
  authority: TestAuthority,
  wanted: WantedCertificate = {},
): Promise<{ cert: string; key: string }> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const leaf = await x509.X509CertificateGenerator.create({
    subject: 'CN=localhost',
    issuer: wanted.isSelfSigned ? 'CN=localhost' : authority.certificate.subject,
    serialNumber: '02',
    notBefore: wanted.notBefore ?? new Date(Date.now() - DAY_MS),
    notAfter: wanted.notAfter ?? new Date(Date.now() + DAY_MS),
    publicKey: keys.publicKey,
    signingKey: wanted.isSelfSigned ? keys.privateKey : authority.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false),
      new x509.ExtendedKeyUsageExtension(['1.3.6.1.5.5.7.3.1']),
      new x509.SubjectAlternativeNameExtension([...(wanted.names ?? LOOPBACK)]),
    ],
  });
  return {
    cert: `${leaf.toString('pem')}\n`,
    key: pem(await crypto.subtle.exportKey('pkcs8', keys.privateKey)),
  };
}

/** Issues a CA and a leaf for `localhost` and `127.0.0.1`, good for a day, and writes them to `directory`. */
export async function issueTestTls(directory: string): Promise<TestTls> {
  const authority = await makeAuthority();
  const text = {
    ca: `${authority.certificate.toString('pem')}\n`,
    ...(await issueCertificate(authority)),
  };
  mkdirSync(directory, { recursive: true });
  const write = (name: string, content: string): string => {
    writeFileSync(join(directory, name), content, { mode: 0o600 });
    return join(directory, name);
  };
  return {
    ...text,
    caFile: write('ca.pem', text.ca),
    certFile: write('cert.pem', text.cert),
    keyFile: write('key.pem', text.key),
  };
}
