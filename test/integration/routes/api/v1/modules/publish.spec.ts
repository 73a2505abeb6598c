import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tarEnd, tarFile, tarGz, tarHeader } from '../../../../../support/archives/tar-builder.js';
import { moduleArchive, packTarGz } from '../../../../../support/build-fixtures.js';
import {
  aModule,
  archiveOf,
  moduleApiPath,
  moduleProtocolPath,
} from '../../../../../support/factories/module.factory.js';
import { uniqueName } from '../../../../../support/factories/names.js';
import { multipartBody, type FormPart } from '../../../../../support/publish-client.js';
import { TestApp } from '../../../../../support/test-app.js';
import { anUuid, aTime, expectApiError, sha256 } from '../../../support/expectations.js';

describe('POST /api/v1/modules', () => {
  let app: TestApp;

  beforeAll(async () => {
    app = await TestApp.start({ TFR_UPLOADS_MODULE_MAX_SIZE: '64KiB' });
  });
  afterAll(() => app?.stop());

  const fieldsOf = (module: Record<string, unknown>): FormPart[] =>
    ['namespace', 'name', 'system', 'version']
      .filter((name) => module[name] !== undefined)
      .map((name) => ({ name, value: String(module[name]) }));
  const fileOf = (value: Buffer, filename = 'module.tar.gz'): FormPart => ({ name: 'file', value, filename });
  const post = (parts: readonly FormPart[], key: string | undefined = app.publisherKey) =>
    app.postForm('/api/v1/modules', parts, key);
  const isDownloadable = async (module: ReturnType<typeof aModule>, version = module.version) =>
    (await app.request(`${moduleProtocolPath(module)}/${version}/download`, { lean: true })).status === 204;

  it('answers 201 with every field of the contract', async () => {
    const module = aModule({ archive: moduleArchive(), version: 'v1.2' });
    const answer = await post([...fieldsOf(module), fileOf(module.archive, 'my upload.tgz')]);
    expect(answer.status).toBe(201);
    expect(answer.json()).toEqual({
      id: anUuid,
      namespace: module.namespace,
      name: module.name,
      system: 'aws',
      version: '1.2.0',
      checksum: sha256(module.archive),
      size_bytes: module.archive.length,
      filename: 'my upload.tgz',
      created_at: aTime,
      version_id: anUuid,
    });
    expect(answer.headers['cache-control']).toBe('no-store');
  });

  it('takes the parts in any order and ignores unknown ones', async () => {
    for (let shift = 0; shift < 5; shift += 1) {
      const module = aModule();
      const parts = [fileOf(module.archive), ...fieldsOf(module)];
      const turned = [...parts.slice(shift), ...parts.slice(0, shift)];
      turned.splice(2, 0, { name: 'colour', value: 'blue' }, { name: 'extra', value: 'x', filename: 'x' });
      expect((await post(turned)).status).toBe(201);
      expect(await isDownloadable(module)).toBe(true);
    }
  });

  it('keeps description and source of the form, and the former ones when the form has none', async () => {
    const module = aModule();
    const about = [
      { name: 'description', value: 'A network' },
      { name: 'source', value: 'https://git.example/vpc' },
    ];
    await post([...fieldsOf(module), ...about, fileOf(module.archive)]);
    await app.publishModule({ ...module, version: '1.1.0' });
    const detail = await app.request(moduleApiPath(module));
    expect(detail.json()).toMatchObject({ description: 'A network', source: 'https://git.example/vpc' });
  });

  describe('refuses with 400', () => {
    it.each(['namespace', 'name', 'system', 'version'])('a form without %s', async (field) => {
      const module = aModule();
      const parts = [...fieldsOf(module), fileOf(module.archive)].filter(({ name }) => name !== field);
      expectApiError(await post(parts), 400, 'Missing required fields: namespace, name, system, version', {
        fields: { [field]: 'is required' },
      });
      const empty = parts.concat({ name: field, value: '' });
      expect((await post(empty)).json()['error']).toMatch(/^Missing required fields: /);
    });

    it('a form without a file, or with text in place of the file', async () => {
      const module = aModule();
      expectApiError(await post(fieldsOf(module)), 400, 'Missing or invalid file upload');
      const text = [...fieldsOf(module), { name: 'file', value: 'not a file' }];
      expectApiError(await post(text), 400, 'Missing or invalid file upload');
    });

    it.each(['1.0.0+b1', '1.0.0.0', 'one', '01.0.0', '-1.0.0', `1.0.0-${'x'.repeat(80)}`, '１.0.0'])(
      'the version %s (checklist 42)',
      async (version) => {
        const module = aModule({ version });
        const answer = await post([...fieldsOf(module), fileOf(module.archive)]);
        expect(answer.status).toBe(400);
        expect(answer.json()['error']).toMatch(/^Invalid version format: /);
      },
    );

    it.each([
      { namespace: 'search' },
      { namespace: '-a' },
      { namespace: 'a/b' },
      { namespace: 'a'.repeat(65) },
      { name: 'a b' },
      { name: '../x' },
      { system: 'AWS' },
      { system: 'versions' },
      { system: 'download' },
      { system: 'aws-1' },
    ])('the address with %o (checklist 56)', async (part) => {
      const module = aModule(part);
      const answer = await post([...fieldsOf(module), fileOf(module.archive)]);
      expect(answer.status).toBe(400);
      expect(answer.json<{ error: string }>().error).toMatch(/^(Invalid|namespace|name|system) ?/);
      expect(Object.keys(answer.json<{ fields: object }>().fields)).toEqual(Object.keys(part));
    });

    it.each<[string, () => Buffer]>([
      [
        'a symbolic link',
        () => tarGz([tarFile('main.tf'), tarHeader({ name: 'l', type: '2', linkname: '/etc' })]),
      ],
      [
        'a hard link',
        () => tarGz([tarFile('main.tf'), tarHeader({ name: 'l', type: '1', linkname: 'main.tf' })]),
      ],
      ['a path that leaves the archive', () => tarGz([tarFile('main.tf'), tarFile('../evil.tf')])],
      ['an absolute path', () => tarGz([tarFile('main.tf'), tarFile('/etc/passwd')])],
      ['a device', () => tarGz([tarFile('main.tf'), tarHeader({ name: 'd', type: '3' })])],
      ['content of .git', () => tarGz([tarFile('main.tf'), tarFile('.git/config')])],
      ['no configuration', () => tarGz([tarFile('README.md', 'x')])],
      ['a top folder no client could ask for', () => tarGz([tarFile('my module/main.tf')])],
      ['a plain tar', () => Buffer.concat([tarFile('main.tf'), tarEnd()])],
      ['a broken gzip', () => archiveOf('x').subarray(0, 100)],
      ['no bytes', () => Buffer.alloc(0)],
    ])('an archive with %s, saying why (checklist 61, 66)', async (_what, build) => {
      const module = aModule({ archive: build() });
      const answer = await app.publishModule(module);
      expect(answer.status).toBe(400);
      expect(answer.json()).toEqual({
        error: expect.stringMatching(/^Invalid archive: \S.{10,}/),
        code: 'invalid_module_archive',
      });
      expect(await isDownloadable(module)).toBe(false);
    });
  });

  it('refuses an archive above the limit with 413 (checklist 66)', async () => {
    const module = aModule({ archive: archiveOf('x'.repeat(70 * 1024)) });
    const answer = await app.publishModule(module);
    expect(answer.status).toBe(413);
    expect(answer.json()['error']).toMatch(/64 KiB|65536|uploads\.module\.max_size/);
  });

  it('refuses what is not a form with 415', async () => {
    const answer = await app.request('/api/v1/modules', {
      method: 'POST',
      key: app.publisherKey,
      json: { namespace: 'acme' },
    });
    expect(answer.status).toBe(415);
    expect(answer.json()['error']).toMatch(/multipart\/form-data/);
  });

  it('refuses a caller without a key with 401, and one without the scope with 403 (checklist 15)', async () => {
    const module = aModule();
    const parts = [...fieldsOf(module), fileOf(module.archive)];
    const call = (headers: Record<string, string>) => {
      const { contentType, body } = multipartBody(parts);
      const options = { method: 'POST', headers: { 'content-type': contentType, ...headers }, body };
      return app.request('/api/v1/modules', options);
    };
    const anonymous = await call({});
    expectApiError(anonymous, 401, 'Missing authorization header');
    expect(anonymous.headers['www-authenticate']).toBe('Bearer');
    expectApiError(await call({ authorization: 'Bearer tfr_nonsense' }), 401, 'Invalid credentials');
    const reader = await app.issueKey('modules:read,providers:write');
    expectApiError(await call({ authorization: `Bearer ${reader}` }), 403, 'Missing required scope', {
      details: 'Required scope: modules:write',
    });
  });

  it('stores nothing when it refuses: no claim, no module, no version, no committed artifact', async () => {
    const namespace = uniqueName('nothing');
    const refused = [
      aModule({ namespace, archive: tarGz([tarFile('README.md', 'x')]) }),
      aModule({ namespace, version: '1.0.0+b1' }),
      aModule({ namespace, system: 'AWS' }),
    ];
    const before = await app.query('SELECT id FROM artifacts');
    for (const module of refused) expect((await app.publishModule(module)).status).toBe(400);
    expect(await app.query('SELECT 1 FROM namespace_claims WHERE name = $1', [namespace])).toEqual([]);
    expect(await app.query('SELECT 1 FROM registry_modules WHERE namespace = $1', [namespace])).toEqual([]);
    expect(await app.query('SELECT 1 FROM protocol_documents WHERE namespace = $1', [namespace])).toEqual([]);
    expect(await app.query('SELECT id FROM artifacts')).toEqual(before);
  });

  it('refuses the same version again with 409 and the checksum that is stored, and serves the first bytes (checklist 88)', async () => {
    const module = aModule();
    expect((await app.publishModule(module)).status).toBe(201);
    for (const version of ['1.0.0', 'v1.0.0', '1.0', '1']) {
      for (const archive of [module.archive, archiveOf(`other ${version}`)]) {
        const answer = await app.publishModule({ ...module, version, archive });
        expectApiError(answer, 409, 'Version 1.0.0 already exists for this module', {
          checksum: sha256(module.archive),
        });
      }
    }
    const location = await app.request(`${moduleProtocolPath(module)}/1.0.0/download`, { lean: true });
    const file = await app.fetchLink(String(location.headers['x-terraform-get']));
    expect(file.body.equals(module.archive)).toBe(true);
  });

  it('refuses an address that exists in another spelling, without a second module (checklist 55)', async () => {
    const module = aModule({ name: uniqueName('Vpc') });
    expect((await app.publishModule(module)).status).toBe(201);
    const other = { ...module, name: module.name.toUpperCase(), version: '2.0.0' };
    const answer = await app.publishModule(other);
    expectApiError(
      answer,
      409,
      `This module exists as acme/${module.name}/aws; publish it under that spelling`,
    );
    const rows = await app.query('SELECT 1 FROM registry_modules WHERE lower(name) = lower($1)', [
      module.name,
    ]);
    expect(rows).toHaveLength(1);
  });

  it('lets exactly one of 64 clients win each of 3 rounds (checklist 88)', async () => {
    const module = aModule();
    for (let round = 1; round <= 3; round += 1) {
      const version = `1.0.${round}`;
      const archives = Array.from({ length: 64 }, (_, index) =>
        archiveOf(`${module.name} ${round} ${index % 32}`),
      );
      const answers = await Promise.all(
        archives.map((archive, index) =>
          app.publishModule({ ...module, version, archive, fileLast: index % 2 === 0 }),
        ),
      );
      const won = answers.flatMap(({ status }, index) => (status === 201 ? [index] : []));
      expect(won).toHaveLength(1);
      const checksum = sha256(archives[won[0]!]!);
      for (const [index, answer] of answers.entries()) {
        expect(answer.status).toBe(index === won[0] ? 201 : 409);
        expect(answer.json()['checksum']).toBe(checksum);
      }
      const location = await app.request(`${moduleProtocolPath(module)}/${version}/download`, { lean: true });
      const file = await app.fetchLink(String(location.headers['x-terraform-get']));
      expect(sha256(file.body)).toBe(checksum);
    }
  });

  it('lets different versions of a new module in a new namespace come at once', async () => {
    const module = aModule({ namespace: uniqueName('rush') });
    const versions = Array.from({ length: 16 }, (_, index) => `1.${index}.0`);
    const answers = await Promise.all(
      versions.map((version) => app.publishModule({ ...module, version, archive: archiveOf(version) })),
    );
    expect(answers.map(({ status }) => status)).toEqual(versions.map(() => 201));
    const list = await app.request(`${moduleProtocolPath(module)}/versions`, { lean: true });
    expect(list.json()).toMatchObject({
      modules: [{ versions: versions.reverse().map((version) => ({ version })) }],
    });
  });

  it('says 503 with Retry-After when too many upload at once (checklist 107)', async () => {
    const narrow = await TestApp.start({ TFR_UPLOADS_MAX_CONCURRENT: '1' });
    try {
      const large = packTarGz([
        { name: 'main.tf', data: '' },
        { name: 'data', data: Buffer.alloc(512 * 1024) },
      ]);
      const answers = await Promise.all(
        Array.from({ length: 8 }, () => narrow.publishModule(aModule({ archive: large }))),
      );
      const busy = answers.filter(({ status }) => status !== 201);
      expect(busy.length).toBeGreaterThan(0);
      for (const answer of busy) {
        expect(answer.status).toBe(503);
        expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
        expect(Number(answer.headers['retry-after'])).toBeLessThanOrEqual(10);
      }
    } finally {
      await narrow.stop();
    }
  });
});
