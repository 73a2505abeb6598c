import { gzipSync } from 'node:zlib';
import { paxHeader, tarDirectory, tarEnd, tarFile, tarGz, tarHeader } from '../../archives/tar-builder.js';
import type { ModuleCall, ModuleEndpoint, ModuleLie } from './fake-module-upstream.js';

const answering = (endpoint: ModuleEndpoint, answer: (call: ModuleCall) => void): ModuleLie => ({
  answers: { [endpoint]: answer },
});
const status = (endpoint: ModuleEndpoint, code: number): ModuleLie =>
  answering(endpoint, ({ response }) => void response.writeHead(code).end('no'));
const bytes = (make: (honest: Buffer, top: string) => Buffer): ModuleLie => ({ bytes: make });
const source = (make: NonNullable<ModuleLie['source']>): ModuleLie => ({ source: make });
const versions = (body: string, type = 'application/json'): ModuleLie =>
  answering('versions', ({ response }) => {
    response.writeHead(200, { 'content-type': type }).end(body);
  });

/** Answers with a page to sign in. */
function loginPage({ response }: ModuleCall): void {
  response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in</html>');
}

/** Sends until the other side has enough. */
function endless({ response }: ModuleCall): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  const chunk = Buffer.alloc(256 * 1024, 1);
  const send = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', send);
  send();
}

/** Breaks off in the middle. */
function truncated({ response, body }: ModuleCall): void {
  response.writeHead(200, { 'content-length': body.length });
  response.write(body.subarray(0, body.length >> 1), () => response.destroy());
}

/** Says a byte now and then, and never ends. */
function slow({ response }: ModuleCall): void {
  response.writeHead(200, { 'content-type': 'application/octet-stream' });
  const timer = setInterval(() => response.write('x'), 20);
  response.on('close', () => clearInterval(timer));
}

/** Redirects to an address that nobody may reach. */
function toCanary({ response, upstream }: ModuleCall): void {
  response.writeHead(302, { location: `${upstream.canary}/archive.tar.gz` }).end();
}

const main = (top: string): Buffer => tarFile(`${top}/main.tf`, 'output "a" {\n  value = 1\n}\n');
const link = (name: string, target: string): Buffer => tarHeader({ name, type: '2', linkname: target });

/** Everything that goes wrong so that nothing of the version may be stored, by what the upstream does. */
export const MODULE_LIES = {
  'the discovery document names no modules': answering('discovery', ({ response }) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"providers.v1":"/v1/providers/"}');
  }),
  'the discovery document is a web page': answering('discovery', loginPage),
  'the versions are a web page': answering('versions', loginPage),
  'the versions are endless': answering('versions', endless),
  'the versions are no list': versions('{"modules":[{"versions":"1.0.0"}]}'),
  'the versions are of no module': versions('{"modules":[]}'),
  'the versions fail': status('versions', 500),
  'the versions want a token': status('versions', 401),
  'the download is unknown': status('download', 404),
  'the download fails': status('download', 503),
  'the download is a web page': answering('download', loginPage),
  'the download names nothing': answering('download', ({ response }) => {
    response.writeHead(204).end();
  }),
  'the download redirects to a private address': answering('download', toCanary),
  'the source is at a private address': source(
    (_honest, { canary }) => `${canary}/archive.tar.gz?archive=tar.gz`,
  ),
  'the source is a file of this server': source(() => 'file:///etc/passwd'),
  'the source is a path of this server': source(() => '/etc/passwd'),
  'the source is a Mercurial repository': source(
    (_honest, { origin }) => `hg::${origin}/acme/repository?rev=1`,
  ),
  'the source is a repository of an unknown host': source(
    () => 'git::https://git.example.invalid/acme/vpc.git?ref=v1.0.0',
  ),
  'the source has a password': source((honest) => honest.replace('http://', 'http://user:secret@')),
  'the source names another checksum': source((honest) => `${honest}&checksum=sha256:${'ab'.repeat(32)}`),
  'the source names a weak checksum': source((honest) => `${honest}&checksum=md5:${'ab'.repeat(16)}`),
  'the source names a folder that is not there': source((honest) => honest.replace('//*', '//elsewhere')),
  'the source names a folder above': source((honest) => honest.replace('//*', '//../..')),
  'the archive is unknown': status('archive', 404),
  'the archive fails': status('archive', 503),
  'the archive is a web page': answering('archive', loginPage),
  'the archive is truncated': answering('archive', truncated),
  'the archive is endless': answering('archive', endless),
  'the archive comes too slowly': answering('archive', slow),
  'the archive redirects to a private address': answering('archive', toCanary),
  'the archive is empty': bytes(() => Buffer.alloc(0)),
  'the archive is no archive': bytes(() => Buffer.from('this is no archive\n'.repeat(100))),
  'the archive has another byte': bytes((honest) => {
    const changed = Buffer.from(honest);
    changed[changed.length >> 1]! ^= 1;
    return changed;
  }),
  'the archive has no module': bytes((_honest, top) => tarGz([tarFile(`${top}/README.md`, '# Nothing\n')])),
  'the archive leaves its folder': bytes((_honest, top) =>
    tarGz([main(top), tarFile(`${top}/../../escape.tf`, 'x')]),
  ),
  'the archive has an absolute path': bytes((_honest, top) =>
    tarGz([main(top), tarFile('/etc/escape', 'x')]),
  ),
  'the archive has a link out of it': bytes((_honest, top) =>
    tarGz([main(top), link(`${top}/users.tf`, '../../../../etc/passwd')]),
  ),
  'the archive has a device': bytes((_honest, top) =>
    tarGz([main(top), tarHeader({ name: `${top}/disk`, type: '4' })]),
  ),
  'the archive has two folders': bytes((_honest, top) => tarGz([main(top), main('another')])),
  'the archive is a bomb': bytes((_honest, top) =>
    gzipSync(Buffer.concat([tarFile(`${top}/main.tf`, Buffer.alloc(40 * 1024 * 1024)), tarEnd()]), {
      level: 9,
    }),
  ),
} satisfies Record<string, ModuleLie>;

/** The archive is of another commit than the one that the address names; for modules that are offered as `git`. */
export const OTHER_COMMIT: ModuleLie = bytes((_honest, top) =>
  tarGz([paxHeader({ comment: 'c0ffee'.padEnd(40, '0') }, 'g'), tarDirectory(`${top}/`), main(top)]),
);
