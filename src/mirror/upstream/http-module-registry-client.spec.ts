import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MirrorConfig } from '../../config/mirror.config.js';
import { MirrorFailure } from '../domain/mirror.errors.js';
import { HttpModuleRegistryClient } from './http-module-registry-client.js';
import type { ModuleService, ModuleSource } from './module-registry-client.js';
import type { UpstreamFetch, UpstreamRequest, WholeAnswer } from './upstream-fetch.js';
import { upstreamRegistry } from './upstream-registry.js';

const VPC = { namespace: 'acme', name: 'vpc', system: 'aws' };
const REGISTRY = upstreamRegistry('https://registry.example.com', 'test-only-token');
const SERVICE: ModuleService = { upstream: REGISTRY, baseUrl: new URL('/v1/modules/', REGISTRY.url) };
const ELSEWHERE = new URL('https://elsewhere.example.com/download');

interface Said {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  /** Where the answer comes from after redirects. */
  readonly from?: URL;
}

/** A client of an upstream that says this, and what it was asked. */
function clientOf({ status = 200, headers = {}, body = '', from }: Said) {
  const asked: (UpstreamRequest & { readonly url: URL })[] = [];
  const read = (url: URL, request: UpstreamRequest): Promise<WholeAnswer> => {
    asked.push({ ...request, url });
    const response = new Response(null, { status, headers });
    return Promise.resolve({
      response,
      url: from ?? url,
      isSameOrigin: from === undefined,
      body: Buffer.from(body),
    });
  };
  return {
    asked,
    client: new HttpModuleRegistryClient({ read } as unknown as UpstreamFetch, new MirrorConfig()),
  };
}

async function sourceOf(said: Said, service = SERVICE): Promise<ModuleSource> {
  return clientOf(said).client.source(service, { ...VPC, version: '1.0.0' });
}

const inHeader = (location: string, more: Said = {}): Said => ({
  status: 204,
  ...more,
  headers: { 'x-terraform-get': location, ...more.headers },
});
const inBody = (document: unknown): Said => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(document),
});

describe('the download of a version', () => {
  const url = 'https://files.example.com/a.tgz';

  it.each([
    ['a header without body', inHeader(url)],
    ['a header with a body that is not read', inHeader(url, { status: 200, body: '<html>' })],
    [
      'a header beside another location',
      { ...inBody({ location: 'https://x.example.com/b.zip' }), ...inHeader(url, { status: 200 }) },
    ],
    ['a body', inBody({ location: url })],
    ['a body with more in it', inBody({ location: url, use_registry_credentials: true })],
  ])('may be told with %s', async (_name, said) => {
    expect((await sourceOf(said)).url.href).toBe(url);
  });

  it.each([
    ['an empty answer', { status: 204 }, 'it has no header X-Terraform-Get'],
    ['an empty body', {}, 'it is no JSON'],
    ['a list', inBody([]), 'it is no JSON object'],
    ['no location', inBody({}), 'it names no address'],
    ['an empty location', inBody({ location: '' }), 'it names no address'],
    ['a location that is a number', inBody({ location: 7 }), 'it names no address'],
    ['a web page', { headers: { 'content-type': 'text/html' }, body: '<html>' }, 'it sent a web page'],
    ['a header of a failure', inHeader(url, { status: 404 }), 'does not have the module acme/vpc/aws 1.0.0'],
    ['a header of another success', inHeader(url, { status: 206, body: '{}' }), 'it names no address'],
  ])('is refused when it is %s', async (_name, said, sentence) => {
    const failing = sourceOf(said);
    await expect(failing).rejects.toBeInstanceOf(MirrorFailure);
    await expect(failing).rejects.toThrow(sentence);
  });

  it('stays encrypted where the registry is, and need not be where it is not', async () => {
    const http = inHeader('http://files.example.com/a.tgz');
    await expect(sourceOf(http)).rejects.toThrow(
      'registry.example.com names an address for the module acme/vpc/aws 1.0.0 that cannot be fetched: it is http, although the registry is https',
    );
    const baseUrl = new URL('http://registry.example.com/v1/modules/');
    expect((await sourceOf(http, { ...SERVICE, baseUrl })).url.href).toBe('http://files.example.com/a.tgz');
  });

  it('is relative to the question, not to where redirects led', async () => {
    const { url: found } = await sourceOf(inHeader('/files/a.tgz', { from: ELSEWHERE }));
    expect(found.href).toBe('https://registry.example.com/files/a.tgz');
  });

  it('is asked for with the token, one address for each version', async () => {
    const { client, asked } = clientOf(inHeader(url));
    await client.source(SERVICE, { ...VPC, version: '1.0.0-rc.1' });
    expect(asked).toMatchObject([
      {
        url: new URL('https://registry.example.com/v1/modules/acme/vpc/aws/1.0.0-rc.1/download'),
        upstream: REGISTRY,
      },
    ]);
  });
});

describe('the place where modules are', () => {
  const discovered = async (document: unknown, from?: URL): Promise<string> => {
    const { baseUrl } = await clientOf({ ...inBody(document), ...(from && { from }) }).client.discover(
      REGISTRY,
    );
    return baseUrl.href;
  };

  it.each([
    ['/v1/modules/', 'https://registry.example.com/v1/modules/'],
    ['/v1/modules', 'https://registry.example.com/v1/modules/'],
    ['https://modules.example.com', 'https://modules.example.com/'],
    ['https://modules.example.com/x#fragment', 'https://modules.example.com/x/'],
  ])('may be %s', async (named, expected) => {
    expect(await discovered({ 'modules.v1': named })).toBe(expected);
  });

  it('is relative to where redirects led', async () => {
    expect(await discovered({ 'modules.v1': '/m/' }, ELSEWHERE)).toBe('https://elsewhere.example.com/m/');
  });

  it.each([
    [{}, 'has no modules.v1'],
    [{ 'modules.v1': null }, 'has no modules.v1'],
    [{ 'modules.v1': { url: '/v1/modules/' } }, 'has no modules.v1'],
    [
      { 'modules.v1': 'http://registry.example.com/v1/modules/' },
      'modules.v1 is no address that can be used',
    ],
    [
      { 'modules.v1': 'https://user:password@registry.example.com/' },
      'modules.v1 is no address that can be used',
    ],
    [{ 'modules.v1': 'file:///etc/' }, 'modules.v1 is no address that can be used'],
  ])('is refused when it is %j', async (document, sentence) => {
    await expect(discovered(document)).rejects.toThrow(sentence);
  });
});

it('whatever is listed, only versions that could be published here come of it', async () => {
  const version = fc.oneof(
    fc.constantFrom('1.0.0', 'v1.0', '1.0.0+b', '1.0.0-rc.1', ''),
    fc.string(),
    fc.jsonValue(),
  );
  const document = fc.oneof(
    fc.jsonValue(),
    fc.array(version).map((all) => ({ modules: [{ versions: all.map((one) => ({ version: one })) }] })),
  );
  await fc.assert(
    fc.asyncProperty(document, async (listed) => {
      const asking = clientOf(inBody(listed)).client.versions(SERVICE, VPC);
      const found = await asking.catch((error: unknown) => {
        expect(error).toBeInstanceOf(MirrorFailure);
        return [];
      });
      expect(new Set(found).size).toBe(found.length);
      for (const one of found) expect(one).toMatch(/^\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?$/);
    }),
    { numRuns: 300 },
  );
});
