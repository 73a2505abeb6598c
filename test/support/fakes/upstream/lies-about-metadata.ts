import { gzipSync } from 'node:zlib';
import type { Call, Json, Lie } from './fake-upstream.js';
import { VERSION } from './upstream-release.js';

const LOGIN_PAGE = '<!doctype html><title>Sign in</title><form method="post"><input name="password"></form>';

/** Ways to answer that fit every endpoint. */
export const answers = {
  status:
    (status: number, headers: Record<string, string> = {}) =>
    ({ response }: Call): void =>
      void response.writeHead(status, headers).end('{"errors":["no"]}'),
  redirect:
    (target: (call: Call) => string) =>
    (call: Call): void =>
      void call.response.writeHead(302, { location: target(call) }).end(),
  loginPage: ({ response }: Call): void =>
    void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end(LOGIN_PAGE),
  /** Sends until the other side has enough. */
  endless: ({ response }: Call): void => {
    const chunk = Buffer.alloc(256 * 1024, ' ');
    const pour = (): void => {
      while (!response.destroyed && response.write(chunk));
      if (!response.destroyed) response.once('drain', pour);
    };
    response.writeHead(200, { 'content-type': 'application/json' });
    pour();
  },
  /** One byte a second. */
  slow: ({ response, body }: Call): void => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    let at = 0;
    const timer = setInterval(() => response.write(body.subarray(at, (at += 1))), 1000);
    response.on('close', () => clearInterval(timer));
    response.flushHeaders();
  },
  /** Announces everything and closes after a part. */
  broken:
    (share = 0.5) =>
    ({ response, body }: Call): void => {
      response.writeHead(200, { 'content-length': body.length, etag: '"whole"' });
      response.write(body.subarray(0, Math.floor(body.length * share)), () => response.destroy());
    },
  withBody:
    (change: (body: Buffer) => Buffer, headers: Record<string, string> = {}) =>
    ({ response, body }: Call): void =>
      void response
        .writeHead(200, { 'content-type': 'application/octet-stream', ...headers })
        .end(change(body)),
  /** Promises `length` bytes, whatever is sent. */
  lengthOf:
    (length: (body: Buffer) => number) =>
    ({ request, body }: Call): void => {
      // Written to the socket: the HTTP server of Node does not tell such lies.
      request.socket.end(
        Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${length(body)}\r\n\r\n`), body]),
      );
    },
} as const;

const atPackage = (change: Json): Lie => ({ json: { package: (document) => ({ ...document, ...change }) } });
const toCanary = ({ upstream }: Call): string => `${upstream.canary}/`;
const elsewhere = ({ upstream, request }: Call): string => `${upstream.elsewhere}${request.url}`;
const onlyHere =
  (lie: (call: Call) => void) =>
  (call: Call): void =>
    call.request.headers.host === new URL(call.upstream.origin).host ? lie(call) : call.honestly();

/** Lies in discovery, lists and descriptions of packages. */
export const METADATA_LIES = {
  'discovery is missing': { answers: { discovery: answers.status(404) } },
  'discovery is a login page': { answers: { discovery: answers.loginPage } },
  'discovery is not called JSON': {
    answers: { discovery: answers.withBody((body) => body, { 'content-type': 'text/plain' }) },
  },
  'discovery has no providers': { json: { discovery: () => ({ 'modules.v1': '/v1/modules/' }) } },
  'discovery names a file': { json: { discovery: () => ({ 'providers.v1': 'file:///etc/' }) } },
  'discovery names credentials': {
    json: { discovery: () => ({ 'providers.v1': 'http://root:pw@127.0.0.3/v1/' }) },
  },
  'discovery leads to a private address': {
    json: { discovery: (_document, { canary }) => ({ 'providers.v1': `${canary}/v1/providers/` }) },
  },
  'discovery leads to another origin': {
    json: { discovery: (_document, { elsewhere: other }) => ({ 'providers.v1': `${other}/v1/providers/` }) },
  },
  'discovery is redirected to another origin': {
    answers: { discovery: onlyHere(answers.redirect(elsewhere)) },
  },
  'the list is a login page': { answers: { versions: answers.loginPage } },
  'the list is a login page called JSON': {
    answers: {
      versions: answers.withBody(() => Buffer.from(LOGIN_PAGE), { 'content-type': 'application/json' }),
    },
  },
  'the list is cut': { answers: { versions: answers.withBody((body) => body.subarray(0, 40)) } },
  'the list breaks off': { answers: { versions: answers.broken() } },
  'the list is endless': { answers: { versions: answers.endless } },
  'the list is a bomb': {
    answers: {
      versions: answers.withBody(() => gzipSync(Buffer.alloc(32 * 1024 * 1024, ' ')), {
        'content-encoding': 'gzip',
      }),
    },
  },
  'the list is an array': { json: { versions: () => [] } },
  'the list has no versions': { json: { versions: () => ({}) } },
  'the list has versions of another kind': { json: { versions: () => ({ versions: { '1.0.0': {} } }) } },
  'the list is slow': { answers: { versions: answers.slow } },
  'the list never changes': { answers: { versions: answers.status(304) } },
  'the list needs a token': { answers: { versions: answers.status(401) } },
  'the list is gone': { answers: { versions: answers.status(410) } },
  'the list fails': { answers: { versions: answers.status(500) } },
  'the list is too much asked for': { answers: { versions: answers.status(429, { 'retry-after': '7' }) } },
  'the list is a teapot': { answers: { versions: answers.status(418) } },
  'the list goes in circles': { answers: { versions: answers.redirect(({ request }) => request.url!) } },
  'the list leads to a private address': { answers: { versions: answers.redirect(toCanary) } },
  'the list leads to cloud metadata': {
    answers: { versions: answers.redirect(() => 'http://169.254.169.254/latest/meta-data/') },
  },
  'the list leads to a file': { answers: { versions: answers.redirect(() => 'file:///etc/passwd') } },
  'the list leads nowhere': { answers: { versions: answers.redirect(() => 'http://[') } },
  'the list is redirected to another origin': {
    answers: { versions: onlyHere(answers.redirect(elsewhere)) },
  },
  'the list has hostile strings': {
    json: {
      versions: ({ versions }) => ({
        __proto__: null,
        extra: { deep: [[[[]]]] },
        versions: [
          { version: '../../etc/passwd', platforms: [] },
          { version: '1.0.0\u0000', platforms: [] },
          { version: '\u202e1.0.0', platforms: [] },
          { version: 'banana', platforms: [] },
          { version: 'v1.1.0', platforms: [] },
          { version: '99999999999999999999.0.0', platforms: [] },
          { version: `1.0.0-${'a'.repeat(100_000)}`, platforms: [] },
          { version: 17 },
          { version: null },
          null,
          'text',
          [],
          { version: '1.1.1', platforms: [{ os: '../linux', arch: 'amd64' }, { os: 'linux' }, null] },
          ...(versions as unknown[]),
        ],
      }),
    },
  },
  'the list lost its newest version': {
    json: {
      versions: ({ versions }) => ({
        versions: (versions as Json[]).filter(({ version }) => version !== VERSION),
      }),
    },
  },
  'the list is empty': { json: { versions: () => ({ versions: [] }) } },
  'the version was removed': { answers: { package: answers.status(404) } },
  'another platform is described': atPackage({ os: 'windows' }),
  'another architecture is described': atPackage({ arch: ['amd64'] }),
  'the file name leaves the folder': atPackage({
    filename: '../../terraform-provider-widget_1.2.0_linux_amd64.zip',
  }),
  'the file name has control characters': atPackage({
    filename: 'terraform-provider-widget_1.2.0_linux_amd64.zip\r\nSet-Cookie: a=b\u001b[2J',
  }),
  'the digest is none': atPackage({ shasum: 'f'.repeat(63) }),
  'the digest is a number': atPackage({ shasum: 1e308 }),
  'the protocols cannot be read': atPackage({ protocols: ['99.banana'] }),
  'the protocols are a number': atPackage({ protocols: 5 }),
  'the package is a file of this server': atPackage({ download_url: 'file:///etc/passwd' }),
  'the package has no address': atPackage({ download_url: '' }),
  'the checksums are at an address of another kind': atPackage({ shasums_url: 'gopher://127.0.0.2/' }),
  'the package is at a private address': {
    json: { package: (document, { canary }) => ({ ...document, download_url: `${canary}/x.zip` }) },
  },
  'the checksums are at a private address': {
    json: { package: (document, { canary }) => ({ ...document, shasums_url: `${canary}/SHA256SUMS` }) },
  },
  'the digest of the JSON is another': atPackage({ shasum: 'a'.repeat(64) }),
} satisfies Record<string, Lie>;
