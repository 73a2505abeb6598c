import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { LimitsConfig } from '../../../src/config/limits.config.js';
import { MirrorFailure, MirrorInterrupted } from '../../../src/mirror/domain/mirror.errors.js';
import { upstreamRegistry } from '../../../src/mirror/upstream/upstream-registry.js';
import { paxHeader, tarFile, tarGz, tarHeader } from '../../support/archives/tar-builder.js';
import { buildZip } from '../../support/archives/zip-builder.js';
import {
  FakeModuleUpstream,
  type ModuleLie,
  moduleFiles,
  vpcModule,
} from '../../support/fakes/upstream/fake-module-upstream.js';
import { FIRST, MODULE_TOKEN, ModuleHarness } from '../../support/fakes/upstream/module-harness.js';
import { MODULE_LIES, OTHER_COMMIT } from '../../support/fakes/upstream/module-lies.js';

/** The code of the failure. */
const CODES: Record<keyof typeof MODULE_LIES, string> = {
  'the discovery document names no modules': 'upstream_has_no_modules',
  'the discovery document is a web page': 'upstream_answer_invalid',
  'the versions are a web page': 'upstream_answer_invalid',
  'the versions are endless': 'upstream_answer_invalid',
  'the versions are no list': 'upstream_answer_invalid',
  'the versions are of no module': 'upstream_answer_invalid',
  'the versions fail': 'upstream_busy',
  'the versions want a token': 'upstream_access_denied',
  'the download is unknown': 'upstream_not_found',
  'the download fails': 'upstream_busy',
  'the download is a web page': 'upstream_answer_invalid',
  'the download names nothing': 'upstream_answer_invalid',
  'the download redirects to a private address': 'upstream_not_allowed',
  'the source is at a private address': 'upstream_not_allowed',
  'the source is a file of this server': 'module_source_unsupported',
  'the source is a path of this server': 'module_source_unsupported',
  'the source is a Mercurial repository': 'module_source_unsupported',
  'the source is a repository of an unknown host': 'module_source_unsupported',
  'the source has a password': 'module_source_unsupported',
  'the source names another checksum': 'module_checksum_mismatch',
  'the source names a weak checksum': 'module_source_unsupported',
  'the source names a folder that is not there': 'module_unusable',
  'the source names a folder above': 'module_source_unsupported',
  'the archive is unknown': 'upstream_not_found',
  'the archive fails': 'upstream_busy',
  'the archive is a web page': 'upstream_answer_invalid',
  'the archive is truncated': 'package_incomplete',
  'the archive is endless': 'package_too_large',
  'the archive comes too slowly': 'upstream_stalled',
  'the archive redirects to a private address': 'upstream_not_allowed',
  'the archive is empty': 'module_unusable',
  'the archive is no archive': 'module_unusable',
  'the archive has another byte': 'module_unusable',
  'the archive has no module': 'module_unusable',
  'the archive leaves its folder': 'module_unusable',
  'the archive has an absolute path': 'module_unusable',
  'the archive has a link out of it': 'module_unusable',
  'the archive has a device': 'module_unusable',
  'the archive has two folders': 'module_unusable',
  'the archive is a bomb': 'module_unusable',
};

let upstream: FakeModuleUpstream;
let harness: ModuleHarness;
let folder: string;

beforeAll(async () => {
  Logger.overrideLogger(false);
  upstream = await FakeModuleUpstream.start([vpcModule()]);
  harness = new ModuleHarness(upstream);
});
beforeEach(() => {
  upstream.lie = {};
  upstream.modules.splice(0, upstream.modules.length, vpcModule());
  upstream.asked.length = 0;
  folder = mkdtempSync(join(tmpdir(), 'tfr-unpacked-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  expect(harness.leftovers).toEqual([]);
  expect(upstream.canaryHits).toBe(0);
});
afterAll(async () => {
  await harness.close();
  await upstream.stop();
  Logger.overrideLogger(['error']);
});

function run(program: string, args: readonly string[], cwd = folder): string {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
  expect(`${status} ${stderr}`).toBe('0 ');
  return stdout;
}

/** What is pulled, unpacked by the `tar` of this machine: the files by name, and the folder where they are. */
async function unpacked(lie: ModuleLie = {}): Promise<{ files: string[]; at: string; digest: string }> {
  upstream.lie = lie;
  const { fetched } = await harness.pull();
  try {
    expect(statSync(fetched.path).size).toBe(fetched.sizeBytes);
    const at = mkdtempSync(join(folder, 'module-'));
    run('tar', ['-xzf', fetched.path, '-C', at]);
    const files = run('tar', ['-tzf', fetched.path]).trim().split('\n');
    return { files, at, digest: fetched.digest };
  } finally {
    await fetched.discard();
    await fetched.discard();
  }
}

async function failureOf(lie: ModuleLie, using = harness): Promise<MirrorFailure> {
  upstream.lie = lie;
  const error: unknown = await using.pull().then(
    ({ fetched }) => fetched.discard(),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MirrorFailure);
  return error as MirrorFailure;
}

/** An archive with these parts in it, at its root. */
const packed = (...parts: Buffer[]): ModuleLie => ({
  source: (honest) => honest.replace('//*', ''),
  bytes: () => tarGz(parts),
});
const link = (name: string, target: string): Buffer => tarHeader({ name, type: '2', linkname: target });

/** A git repository with these files. */
function newRepository(files: Readonly<Record<string, string>>): string {
  const at = mkdtempSync(join(folder, 'repository-'));
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(at, name)), { recursive: true });
    writeFileSync(join(at, name), content);
  }
  run('git', ['init', '-q'], at);
  return at;
}

/** Commits everything and gives the commit. */
function committed(repository: string): string {
  const author = ['-c', 'user.name=test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false'];
  run('git', ['add', '.'], repository);
  run('git', [...author, 'commit', '-q', '-m', 'test'], repository);
  return run('git', ['rev-parse', 'HEAD'], repository).trim();
}

/** What git packs, as hosts of repositories do. */
function gitArchive(repository: string, format: 'tar.gz' | 'zip'): Buffer {
  const path = join(folder, `archive.${format}`);
  run('git', ['archive', `--format=${format}`, '--prefix=top/', '-o', path, 'HEAD'], repository);
  return readFileSync(path);
}

/** Offers this commit of a repository. */
const fromGit =
  (commit: string, format = 'tar.gz') =>
  (): string =>
    `git::https://${format}.example.com/acme-public/vpc.git?ref=${commit}`;

const FILES = moduleFiles(vpcModule(), '1.0.0')
  .map(({ name }) => name)
  .sort();

describe('what an upstream says about modules', () => {
  const service = () => harness.client.discover(upstreamRegistry(upstream.origin, MODULE_TOKEN));
  const listed = (body: unknown): void => {
    upstream.lie = { answers: { versions: ({ response }) => response.end(JSON.stringify(body)) } };
  };
  const saying = (location: string, at = 'header'): void => {
    upstream.lie = {
      answers: {
        download: ({ response }) => {
          if (at === 'header') response.writeHead(204, { 'x-terraform-get': location }).end();
          else response.setHeader('content-type', 'application/json').end(JSON.stringify({ location }));
        },
      },
    };
  };
  const sourceOf = async () => harness.client.source(await service(), FIRST);

  it('are its versions in canonical form, each once, without what could not be published here', async () => {
    const versions = [
      'v1.2.3',
      '1.2.3',
      '2.0',
      '3.0.0-rc.1',
      '1.0.0+build',
      '01.0.0',
      'latest',
      '../../x',
      7,
    ];
    listed({ modules: [{ versions: versions.map((version) => ({ version })) }, { versions: [] }] });
    expect(await harness.client.versions(await service(), FIRST)).toEqual(['1.2.3', '2.0.0', '3.0.0-rc.1']);
  });

  it.each([[{ modules: [{ versions: [] }] }], [{ modules: [{ versions: null }] }], [{ modules: [{}] }]])(
    'can be that a module has no versions: %j',
    async (body) => {
      listed(body);
      expect(await harness.client.versions(await service(), FIRST)).toEqual([]);
    },
  );

  it('is not read to the end when there are more than 20 000 versions', async () => {
    const versions = (count: number) => Array.from({ length: count }, (_, at) => ({ version: `1.0.${at}` }));
    listed({ modules: [{ versions: versions(20_000) }] });
    expect(await harness.client.versions(await service(), FIRST)).toHaveLength(20_000);
    listed({ modules: [{ versions: versions(20_001) }] });
    await expect(harness.client.versions(await service(), FIRST)).rejects.toThrow('more than 20000 entries');
  });

  it('is that a module which it does not have is not found', async () => {
    const asked = harness.client.versions(await service(), { ...FIRST, name: 'nothing' });
    await expect(asked).rejects.toMatchObject({ code: 'upstream_not_found', kind: 'not-found' });
  });

  it.each(['header', 'body'])('names where a version is in the %s', async (at) => {
    saying('https://files.example.com/vpc.tar.gz//sub?signature=a%2Fb&archive=tar.gz', at);
    const { url, ...source } = await sourceOf();
    expect(url.href).toBe('https://files.example.com/vpc.tar.gz?signature=a%2Fb');
    expect(source).toEqual({ format: 'tar.gz', folder: 'sub' });
  });

  it('names places that are relative to the question', async () => {
    saying('./archive.zip?checksum=sha256:' + 'ab'.repeat(32));
    expect(await sourceOf()).toEqual({
      url: new URL(`${upstream.origin}/v1/modules/acme-public/vpc/aws/1.0.0/archive.zip`),
      format: 'zip',
      folder: '',
      digest: 'ab'.repeat(32),
    });
  });

  it('never takes the token of a mirror elsewhere, nor to where archives are', async () => {
    const { fetched } = await harness.pull();
    await fetched.discard();
    const sent = upstream.asked.map(({ endpoint, headers }) => [endpoint, headers.authorization]);
    expect(sent).toEqual([
      ['discovery', `Bearer ${MODULE_TOKEN}`],
      ['versions', `Bearer ${MODULE_TOKEN}`],
      ['download', `Bearer ${MODULE_TOKEN}`],
      ['archive', undefined],
    ]);
  });
});

describe('a module that is fetched', () => {
  it.each(['header', 'body', 'git', 'zip'] as const)(
    'is packed anew from what is offered as %s, so that tar unpacks it',
    async (offered) => {
      upstream.modules[0]!.offered = offered;
      const { files, at } = await unpacked();
      expect(files).toEqual(FILES);
      expect(readFileSync(join(at, 'main.tf'), 'utf8')).toContain('"1.0.0"');
      expect(statSync(join(at, 'bin/check.sh')).mode & 0o777).toBe(0o755);
      expect(statSync(join(at, 'main.tf')).mode & 0o777).toBe(0o644);
    },
  );

  it('has the same bytes whoever packed it, in whatever order', async () => {
    const first = await unpacked();
    upstream.modules[0]!.offered = 'zip';
    upstream.modules[0]!.files = (version) => moduleFiles(vpcModule(), version).toReversed();
    expect((await unpacked()).digest).toBe(first.digest);
  });

  it('is a folder of the archive where the address says so', async () => {
    const { files } = await unpacked({ source: (honest) => honest.replace('//*', '//*/modules/subnet') });
    expect(files).toEqual(['main.tf', 'variables.tf']);
  });

  it('is in a folder of its own when the address names none', async () => {
    const { files } = await unpacked({ source: (honest) => honest.replace('//*', '') });
    expect(files[0]).toBe('terraform-aws-vpc-1.0.0/README.md');
  });

  it('keeps names that are long or not ASCII', async () => {
    const names = [`${'long'.repeat(20)}/${'name'.repeat(40)}.tf`, 'größe.tf', 'main.tf'];
    const parts = names.map((name) =>
      Buffer.concat([paxHeader({ path: name }), tarFile(name, `# ${name}\n`)]),
    );
    const { at, files } = await unpacked(packed(...parts));
    expect(files).toHaveLength(3);
    for (const name of names) expect(readFileSync(join(at, name), 'utf8')).toBe(`# ${name}\n`);
  });

  it('is what git packs, with copies instead of links, and of the commit that the address names', async () => {
    const deep = `${'folder/'.repeat(20)}deep.tf`;
    const repository = newRepository({
      'main.tf': 'output "a" {\n  value = 1\n}\n',
      'modules/inner/main.tf': 'output "b" {\n  value = 2\n}\n',
      [deep]: '# deep\n',
    });
    const links = {
      'modules/inner/linked.tf': '../../main.tf',
      alias: 'modules/inner',
      far: deep,
      gone: 'gone.tf',
    };
    for (const [name, target] of Object.entries(links)) symlinkSync(target, join(repository, name));
    const commit = committed(repository);
    const archive = gitArchive(repository, 'tar.gz');
    const { files, at } = await unpacked({ bytes: () => archive, source: fromGit(commit) });
    expect(files).toEqual([
      'alias/linked.tf',
      'alias/main.tf',
      'far',
      deep,
      'main.tf',
      'modules/inner/linked.tf',
      'modules/inner/main.tf',
    ]);
    expect(readFileSync(join(at, 'alias/linked.tf'), 'utf8')).toContain('output "a"');
    expect(readFileSync(join(at, 'far'), 'utf8')).toBe('# deep\n');
  });

  it.each(['tar.gz', 'zip'] as const)('is refused when git packed another commit as %s', async (format) => {
    const repository = newRepository({ 'main.tf': '# one\n', 'sub/a.sh': '' });
    const first = committed(repository);
    const honest = gitArchive(repository, format);
    expect((await unpacked({ bytes: () => honest, source: fromGit(first, format) })).files).toEqual([
      'main.tf',
      'sub/a.sh',
    ]);
    writeFileSync(join(repository, 'main.tf'), '# two\n');
    const second = committed(repository);
    const moved = gitArchive(repository, format);
    const failure = await failureOf({ bytes: () => moved, source: fromGit(first, format) });
    expect(failure.message).toBe(
      `The archive of acme-public/vpc/aws 1.0.0 is of the commit ${second}, but its address says ${first}; nothing was kept`,
    );
  });

  it('goes on where a connection broke only if the upstream proves that it is the same file', async () => {
    const ranges: (string | undefined)[] = [];
    const breaking = (etag: string): ModuleLie => ({
      answers: {
        archive({ request, response, body, before }) {
          ranges.push(request.headers.range);
          const from = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
          const headers = { etag, 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' };
          if (from > 0) {
            response.writeHead(206, {
              ...headers,
              'content-range': `bytes ${from}-${body.length - 1}/${body.length}`,
            });
            return void response.end(body.subarray(from));
          }
          response.writeHead(200, { ...headers, 'content-length': body.length });
          if (before > 0) return void response.end(body);
          response.write(body.subarray(0, 100), () => setTimeout(() => response.destroy(), 50));
        },
      },
    });
    await unpacked(breaking('"strong"'));
    expect(ranges).toEqual([undefined, 'bytes=100-']);
    ranges.length = 0;
    upstream.asked.length = 0;
    await unpacked(breaking('W/"weak"'));
    expect(ranges).toEqual([undefined, undefined]);
  });

  it('is not fetched to the end when the work is ended', async () => {
    const ending = new AbortController();
    upstream.lie = { answers: { archive: () => ending.abort() } };
    await expect(harness.pull(FIRST, ending.signal)).rejects.toBeInstanceOf(MirrorInterrupted);
  });
});

describe('a lie about a module', () => {
  let impatient: ModuleHarness;
  beforeAll(() => {
    impatient = new ModuleHarness(upstream, { fetching: { paceWindowMs: 100, minBytesPerWindow: 1024 } });
  });
  afterAll(() => impatient.close());

  it.each(Object.entries(MODULE_LIES) as [keyof typeof MODULE_LIES, ModuleLie][])(
    'is found when %s',
    async (name, lie) => {
      const isSlow = name === 'the archive comes too slowly';
      const failure = await failureOf(lie, isSlow ? impatient : harness);
      expect(failure.code).toBe(CODES[name]);
      expect(failure.message).toMatch(/^[\x20-\x7e…]+$/);
      expect(failure.message).not.toContain('secret');
      expect(impatient.leftovers).toEqual([]);
    },
  );

  it('is found when the archive is of another commit than its address', async () => {
    upstream.modules[0]!.offered = 'git';
    expect(await failureOf(OTHER_COMMIT)).toMatchObject({ code: 'module_commit_mismatch' });
  });

  it.each([
    ['a link to an absolute path', link('a.tf', '/etc/passwd'), 'the link "a.tf" leads out of it'],
    ['a link above the root', link('sub/a.tf', '../../x'), 'the link "sub/a.tf" leads out of it'],
    [
      'a link through a link above the root',
      Buffer.concat([link('up', '..'), link('a.tf', 'up/x')]),
      'leads out of it',
    ],
    ['a link to its own folder', link('sub/again', '.'), 'leads back to its own folder'],
    ['two links in a circle', Buffer.concat([link('x', 'y'), link('y', 'x')]), 'leads in circles'],
    [
      'a file behind a link',
      Buffer.concat([link('out', '/tmp'), tarFile('out/escape.tf', 'x')]),
      'is a file and a directory at once',
    ],
    ['a hard link', tarHeader({ name: 'hard.tf', type: '1', linkname: 'main.tf' }), 'a hard link'],
    [
      'a second global header',
      Buffer.concat([paxHeader({ comment: 'a' }, 'g'), paxHeader({ comment: 'b' }, 'g')]),
      'a global PAX header',
    ],
  ])('is found in %s', async (_name, part, sentence) => {
    const failure = await failureOf(packed(tarFile('main.tf', '# main\n'), part));
    expect(failure.code).toBe('module_unusable');
    expect(failure.message).toContain(sentence);
  });

  it.each([
    [{ comment: 'a', path: 'elsewhere.tf' }],
    [{ path: 'elsewhere.tf' }],
    [{ comment: 'a', size: '3' }],
  ])('is found in a global header that changes entries: %j', async (records) => {
    const failure = await failureOf(packed(paxHeader(records, 'g'), tarFile('main.tf', '# main\n')));
    expect(failure.message).toContain('a global PAX header says more than a comment');
  });

  it('is found in links that make more files than modules may have', async () => {
    const links = Array.from({ length: 12 }, (_, at) =>
      link(`l${at + 1}/more`, at === 0 ? '../base' : `../l${at}`),
    );
    const twice = Array.from({ length: 12 }, (_, at) =>
      link(`l${at + 1}/again`, at === 0 ? '../base' : `../l${at}`),
    );
    const failure = await failureOf(packed(tarFile('base/main.tf', '# main\n'), ...links, ...twice));
    expect(failure.message).toContain('its links make more of it than modules may have');
  });

  it('is found in a zip with a link', async () => {
    upstream.modules[0]!.offered = 'zip';
    const bytes = buildZip([
      { name: 'top/main.tf', content: '# main\n' },
      { name: 'top/link', content: '/etc/passwd', mode: 0o120777 },
    ]);
    expect((await failureOf({ bytes: () => bytes })).message).toContain('symbolic link');
  });
});

describe('the limits of modules', () => {
  const bytes = moduleFiles(vpcModule(), '1.0.0').reduce((sum, { data }) => sum + data.length, 0);
  /** Files, folders and the global header. */
  const entries = FILES.length + 5;

  async function pulledWith(limits: Partial<LimitsConfig>, lie: ModuleLie = {}): Promise<string> {
    const strict = new ModuleHarness(upstream, { limits });
    upstream.lie = lie;
    try {
      const { fetched } = await strict.pull();
      await fetched.discard();
      return 'taken';
    } catch (error) {
      return (error as Error).message;
    } finally {
      expect(strict.leftovers).toEqual([]);
      await strict.close();
    }
  }

  it('let through what just fits', async () => {
    const size = upstream.archiveOf(upstream.modules[0]!, '1.0.0').length;
    const limits = { moduleMaxBytes: size, moduleMaxUnpackedBytes: bytes, moduleMaxEntries: entries };
    expect(await pulledWith(limits)).toBe('taken');
  });

  it('hold for what is downloaded', async () => {
    const limit = upstream.archiveOf(upstream.modules[0]!, '1.0.0').length - 1;
    expect(await pulledWith({ moduleMaxBytes: limit })).toBe(
      `the archive of acme-public/vpc/aws 1.0.0 is larger than ${limit} bytes; raise uploads.module.max_size to mirror it`,
    );
  });

  it('hold for what comes out of an archive', async () => {
    expect(await pulledWith({ moduleMaxUnpackedBytes: bytes - 1 })).toContain('unpacks to more than');
    expect(await pulledWith({ moduleMaxEntries: entries - 1 })).toContain(`more than ${entries - 1} entries`);
  });
});
