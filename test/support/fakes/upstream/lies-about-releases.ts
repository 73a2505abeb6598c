import { gzipSync } from 'node:zlib';
import { buildZip, type ZipFileOptions } from '../../archives/zip-builder.js';
import { answers } from './lies-about-metadata.js';
import { type Call, digestOf, type Lie } from './fake-upstream.js';
import type { UpstreamKey, UpstreamKeys } from './upstream-keys.js';
import { makeRelease, TYPE, VERSION } from './upstream-release.js';

const PROGRAM = `terraform-provider-${TYPE}_v${VERSION}`;

/** A release whose packages are this, signed with everything that belongs to it. */
const packed = (files: readonly ZipFileOptions[]): Lie => ({
  release: (keys) => makeRelease(keys.honest, VERSION, { packages: () => buildZip(files) }),
});
/** A release whose checksum document is changed before it is signed. */
const listed = (shasums: (honest: string) => string): Lie => ({
  release: (keys) => makeRelease(keys.honest, VERSION, { shasums }),
});
/** Packages that are in order, and of somebody else. */
const signedBy = (signer: (keys: UpstreamKeys) => UpstreamKey, isNamed = true): Lie => ({
  release: (keys) =>
    makeRelease(signer(keys), VERSION, {
      packages: () => buildZip([{ name: PROGRAM, content: 'of somebody else', mode: 0o100755 }]),
    }),
  ...(isNamed && { namedKeys: (keys: UpstreamKeys) => [keys.honest.armor, signer(keys).armor] }),
});
const withOtherSignature = (
  change: (honest: Buffer, keys: UpstreamKeys) => Buffer | Promise<Buffer>,
): Lie => ({
  release: async (keys) => {
    const release = await makeRelease(keys.honest);
    return { ...release, signature: await change(release.signature, keys) };
  },
});
const flipped = (body: Buffer): Buffer => {
  const changed = Buffer.from(body);
  changed[changed.length - 30]! ^= 1;
  return changed;
};
const digestsReplaced = (shasums: string): string => shasums.replaceAll(/^[0-9a-f]{64}/gm, 'b'.repeat(64));
const zip = (answer: (call: Call) => void): Lie => ({ answers: { zip: answer } });
/** Breaks off the first time; what comes after that is `rest`. */
const breaksOnce = (rest: (call: Call) => void): Lie =>
  zip((call) => (call.before === 0 ? brokenHonestly(call) : rest(call)));

function brokenHonestly({ response, body }: Call): void {
  response.writeHead(200, { 'content-length': body.length, etag: `"${digestOf(body)}"` });
  response.write(body.subarray(0, body.length >> 1), () => response.destroy());
}

/** Answers a range with bytes of another file. */
function otherBytes({ request, response, body, honestly }: Call): void {
  const from = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? NaN);
  if (Number.isNaN(from)) return honestly();
  response.writeHead(206, { 'content-range': `bytes ${from}-${body.length - 1}/${body.length}` });
  response.end(Buffer.alloc(body.length - from, 'x'));
}

function rangeFromElsewhere({ request, response, body, honestly }: Call): void {
  if (request.headers.range === undefined) return honestly();
  response.writeHead(206, { 'content-range': `bytes 0-9/${body.length}` }).end(body.subarray(0, 10));
}

/** Lies in checksums, signatures and packages. */
export const RELEASE_LIES = {
  'the signed digests are others': listed(digestsReplaced),
  'all digests are others': {
    release: async (keys: UpstreamKeys) => {
      const release = await makeRelease(keys.honest, VERSION, { shasums: digestsReplaced });
      const toldDigests = Object.fromEntries(
        Object.keys(release.packages).map((name) => [name, 'b'.repeat(64)]),
      );
      return { ...release, toldDigests };
    },
  },
  'the signature is of other bytes': withOtherSignature((_honest, keys) => keys.honest.sign('other bytes\n')),
  'the signature is damaged': withOtherSignature(flipped),
  'the signature is of another key that is named': signedBy((keys) => keys.stranger),
  'the signature is of another key that is not named': signedBy((keys) => keys.stranger, false),
  'the signature is missing': { answers: { signature: answers.status(404) } },
  'the signature fails': { answers: { signature: answers.status(500) } },
  'the signature is cut': withOtherSignature((honest) => honest.subarray(0, honest.length - 10)),
  'the signature is empty': withOtherSignature(() => Buffer.alloc(0)),
  'the signature is a login page': { answers: { signature: answers.loginPage } },
  'the signature is endless': { answers: { signature: answers.endless } },
  'the signature is at a login': { answers: { signature: answers.status(403) } },
  'the key had expired': signedBy((keys) => keys.expired),
  'the key is revoked': signedBy((keys) => keys.revoked),
  'no key can be read': { namedKeys: () => ['-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nnothing', '\u0000'] },
  'the checksums are missing': { answers: { sums: answers.status(404) } },
  'the checksums are endless': { answers: { sums: answers.endless } },
  'the checksums are a login page': { answers: { sums: answers.loginPage } },
  'the checksums were changed after signing': {
    answers: { sums: answers.withBody((body) => Buffer.concat([body, body])) },
  },
  'the checksums have a blank line': listed((sums) => `${sums}\n`),
  'the checksums have carriage returns': listed((sums) => sums.replaceAll('\n', '\r\n')),
  'the checksums name other files': listed((sums) => sums.replaceAll(VERSION, '1.2.1')),
  'the checksums name a folder': listed((sums) => sums.replaceAll('  ', '  ../')),
  'the checksums name a file twice': listed((sums) => `${sums}${digestsReplaced(sums)}`),
  'the package is cut': zip(answers.withBody((body) => body.subarray(0, body.length >> 1))),
  'the package is damaged': zip(answers.withBody(flipped)),
  'the package always breaks off': zip(answers.broken()),
  'the package breaks off once': breaksOnce(({ honestly }) => honestly()),
  'the package breaks off once and knows no ranges': breaksOnce(answers.withBody((body) => body)),
  'the rest of the package is of another file': breaksOnce(otherBytes),
  'the rest of the package begins elsewhere': breaksOnce(rangeFromElsewhere),
  'the rest of the package cannot be had': breaksOnce((call) =>
    call.request.headers.range === undefined ? call.honestly() : answers.status(416)(call),
  ),
  'the rest of the package is always of another file': zip((call) =>
    call.request.headers.range === undefined ? answers.broken()(call) : otherBytes(call),
  ),
  'the package is slow': zip(answers.slow),
  'the package is endless': zip(answers.endless),
  'the package is shorter than announced': zip(answers.lengthOf((body) => body.length + 1000)),
  'the package is longer than announced': zip(answers.lengthOf((body) => body.length - 1000)),
  'the package is announced as huge': zip(answers.lengthOf(() => 50 * 1024 ** 3)),
  'the package is compressed': zip(
    answers.withBody((body) => gzipSync(body), { 'content-encoding': 'gzip' }),
  ),
  'the package leads to a private address': zip(
    answers.redirect(({ upstream }) => `${upstream.canary}/x.zip`),
  ),
  'the package goes in circles': zip(answers.redirect(({ request }) => request.url!)),
  'the package is redirected to another origin': zip((call) =>
    call.request.headers.host === new URL(call.upstream.origin).host
      ? answers.redirect(({ upstream, request }) => `${upstream.elsewhere}${request.url}`)(call)
      : call.honestly(),
  ),
  'the package is a login page': zip(answers.loginPage),
  'the package is missing': zip(answers.status(404)),
  'the package needs a token': zip(answers.status(403)),
  'the package fails': zip(answers.status(500)),
  'the bytes changed, signed anew': packed([{ name: PROGRAM, content: 'another program', mode: 0o100755 }]),
  'the package is a bomb': packed([
    { name: PROGRAM, content: Buffer.alloc(32 * 1024 * 1024), mode: 0o100755 },
  ]),
  'the package has no program': packed([{ name: 'README.md', content: 'nothing to start' }]),
  'the program may not be started': packed([{ name: PROGRAM, content: 'x', mode: 0o100644 }]),
  'the program is of another version': packed([
    { name: `terraform-provider-${TYPE}_v9.9.9`, content: 'x', mode: 0o100755 },
  ]),
  'the package leaves its folder': packed([
    { name: PROGRAM, content: 'x', mode: 0o100755 },
    { name: '../../etc/cron.d/x', content: 'x' },
  ]),
  'the package is no zip': {
    release: (keys: UpstreamKeys) =>
      makeRelease(keys.honest, VERSION, { packages: () => Buffer.from('not a zip at all') }),
  },
} satisfies Record<string, Lie>;
