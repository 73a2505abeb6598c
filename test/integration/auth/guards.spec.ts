import { Controller, Get, Post, Req } from '@nestjs/common';
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotAudited } from '../../../src/access/audited.decorator.js';
import type { Principal } from '../../../src/access/principal.js';
import {
  Authenticated,
  Open,
  PublicRead,
  RequireScope,
  SignedUrl,
} from '../../../src/access/route-access.decorator.js';
import { ApiKeys } from '../../../src/auth/api-keys.service.js';
import { ApiKeyToken } from '../../../src/auth/domain/api-key-token.js';
import { Organizations } from '../../../src/orgs/organizations.service.js';
import { StatementCounter } from '../../../src/platform/database/statement-counter.js';
import { DataSource } from 'typeorm';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { addOrganization } from './support/identity.js';
import { startGuarded, type GuardedApplication } from './support/guarded-application.js';

interface Seen {
  principal: Principal;
}

@Controller()
class Routes {
  @Open()
  @Get('health')
  health(@Req() { principal }: Seen) {
    return { kind: principal.kind };
  }

  @PublicRead('modules:read')
  @Get('v1/modules/:namespace/probe')
  module(@Req() { principal }: Seen) {
    return { kind: principal.kind };
  }

  @PublicRead('providers:read')
  @Get('v1/providers/:namespace/probe')
  provider() {
    return {};
  }

  @PublicRead('modules:read')
  @Get('api/v1/modules/search')
  search() {
    return {};
  }

  @Authenticated()
  @Get('api/v1/me')
  me(@Req() { principal }: Seen) {
    return principal;
  }

  @RequireScope('modules:write')
  @NotAudited('a probe')
  @Post('api/v1/modules')
  publish() {
    return {};
  }

  @SignedUrl()
  @Get('v1/files/probe')
  file(@Req() { principal }: Seen) {
    return { kind: principal.kind };
  }
}

interface Answer {
  status: number;
  body: Record<string, unknown>;
  headers: Record<string, string | string[] | undefined>;
}

/** Over a real socket, because only there can a header come twice. */
function send(url: string, headers: Record<string, string | string[]> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(url, { method, headers, agent: false }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (text += chunk));
      response.on('end', () => {
        const body = (text === '' ? {} : JSON.parse(text)) as Record<string, unknown>;
        resolve({ status: response.statusCode!, body, headers: response.headers });
      });
    });
    request.on('error', reject);
    request.end();
  });
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });
const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`any:${key}`).toString('base64')}` });

async function prepare(database: TestDatabase, env: Record<string, string> = {}) {
  const server = await startGuarded(database, [Routes], env);
  const keys = server.app.get(ApiKeys, { strict: false });
  const dataSource = server.app.get(DataSource, { strict: false });
  const newKey = async (scopes: string[], more: object = {}) =>
    (await keys.issue({ name: 'ci', scopes, ...more })).key;
  const claim = (name: string, organizationId: string) =>
    dataSource.query(
      `INSERT INTO namespace_claims (name, folded_name, organization_id) VALUES ($1, lower($1), $2)`,
      [name, organizationId],
    );
  const get = (path: string, headers = {}) => send(server.url + path, headers);
  const statements = server.app.get(StatementCounter, { strict: false });
  return { server, keys, dataSource, newKey, claim, get, statements };
}

describe('the guards of an open server', () => {
  let database: TestDatabase;
  let server: GuardedApplication;
  let tools: Awaited<ReturnType<typeof prepare>>;
  let writer: string;
  let reader: string;

  beforeAll(async () => {
    database = await createTestDatabase();
    tools = await prepare(database);
    server = tools.server;
    writer = await tools.newKey(['modules:write']);
    reader = await tools.newKey(['providers:read']);
    const { id } = await server.app.get(Organizations, { strict: false }).getDefault();
    await tools.claim('open', id);
    await tools.claim('hidden', await addOrganization(tools.dataSource, 'hidden', 'private'));
  });

  afterAll(async () => {
    await server.stop();
    await database.drop();
  });

  it('accept a bearer token, with the scheme in any case (checklist 13)', async () => {
    for (const scheme of ['Bearer', 'bearer', 'BEARER']) {
      const { status, body } = await tools.get('/api/v1/me', { authorization: `${scheme} ${writer}` });
      expect(status).toBe(200);
      expect(body).toMatchObject({ kind: 'api-key', scopes: ['modules:read', 'modules:write'] });
    }
  });

  const expired = () => tools.newKey(['modules:write'], { expiresAt: new Date(Date.now() + 30) });
  const refusals: [string, () => Promise<Record<string, string>> | Record<string, string>, string][] = [
    ['no header', () => ({}), 'Missing authorization header'],
    ['a bare key', () => ({ authorization: writer }), "Authorization header must start with 'Bearer '"],
    ['Basic', () => basic(writer), "Authorization header must start with 'Bearer '"],
    ['an empty token', () => ({ authorization: 'Bearer ' }), 'Authorization token is empty'],
    ['garbage', () => bearer('garbage'), 'Invalid credentials'],
    ['an invented key', () => bearer(ApiKeyToken.generate('tfr_').text), 'Invalid credentials'],
    ['a session handle', () => bearer(ApiKeyToken.generate('tfrs_').text), 'Invalid credentials'],
    [
      'an expired key',
      async () => {
        const key = await expired();
        await new Promise((resolve) => setTimeout(resolve, 50));
        return bearer(key);
      },
      'API key has expired',
    ],
  ];
  it.each(refusals)(
    'answer 401 to %s where a credential is needed (checklist 15)',
    async (_, headers, text) => {
      const { status, body, headers: answered } = await tools.get('/api/v1/me', await headers());
      expect(status).toBe(401);
      expect(body['error']).toBe(text);
      expect(answered['www-authenticate']).toBe('Bearer');
    },
  );

  it('answer 403 to a key without the scope, and name the scope (checklist 15)', async () => {
    const { status, body } = await send(`${server.url}/api/v1/modules`, bearer(reader), 'POST');
    expect(status).toBe(403);
    expect(body).toMatchObject({ error: 'Missing required scope', details: 'Required scope: modules:write' });
    expect((await send(`${server.url}/api/v1/modules`, bearer(writer), 'POST')).status).toBe(201);
  });

  it('make a caller with an unusable credential anonymous on public routes', async () => {
    for (const headers of [{}, bearer('garbage'), basic(writer)]) {
      const { status, body } = await tools.get('/v1/modules/open/probe', headers);
      expect(status).toBe(200);
      expect(body).toEqual({ kind: 'anonymous' });
    }
  });

  it('answer a private namespace like one that does not exist (checklist 14, I6)', async () => {
    for (const [feature, text] of [
      ['modules', 'Module not found'],
      ['providers', 'Provider not found'],
    ]) {
      for (const headers of [{}, bearer('garbage')]) {
        const hidden = await tools.get(`/v1/${feature}/hidden/probe`, headers);
        const absent = await tools.get(`/v1/${feature}/nobody/probe`, headers);
        expect(hidden.status).toBe(404);
        expect(hidden.body['error']).toBe(text);
        expect(absent.status).toBe(404);
        expect(absent.body).toEqual(hidden.body);
        expect(Object.keys(absent.headers)).toEqual(Object.keys(hidden.headers));
      }
    }
  });

  it('refuse two Authorization headers, also equal ones (A9)', async () => {
    for (const path of ['/api/v1/me', '/v1/modules/open/probe']) {
      const { status } = await tools.get(path, { authorization: [`Bearer ${writer}`, `Bearer ${writer}`] });
      expect(status).toBe(400);
    }
  });

  it('refuse a credential in the query string and never repeat it (A7)', async () => {
    for (const query of [`token=${writer}`, `access_token=x`, `api_key=x`, `KEY=${writer}`, `q=${writer}`]) {
      for (const path of ['/api/v1/me', '/v1/modules/open/probe', '/api/v1/modules/search', '/health']) {
        const { status, body } = await tools.get(`${path}?${query}`, bearer(writer));
        expect(status).toBe(400);
        expect(JSON.stringify(body)).not.toContain(writer);
      }
    }
    expect(server.lines.join('')).not.toContain(writer);
  });

  it('take a key from the Authorization header and nowhere else, and log it nowhere (A7)', async () => {
    const names = ['x-api-key', 'x-auth-token', 'api-key', 'token', 'proxy-authorization', 'x-authorization'];
    for (const name of names) {
      for (const value of [writer, `Bearer ${writer}`]) {
        expect((await tools.get('/api/v1/me', { [name]: value })).status).toBe(401);
      }
    }
    for (const name of ['tfr_session', 'token', 'auth_token', 'authorization', 'tfr_csrf', 'api_key']) {
      const { status, body } = await tools.get('/api/v1/me', { cookie: `${name}=${writer}` });
      expect(status).toBe(401);
      expect(JSON.stringify(body)).not.toContain(writer);
    }
    expect((await tools.get(`/api/v1/${writer}`)).status).toBe(404);
    expect(server.lines.join('')).not.toContain(writer);
  });

  it('understand Basic on file URLs only, and ignore it next to a signature (checklist 17, A8)', async () => {
    const kind = async (query: string, headers: object) =>
      (await tools.get(`/v1/files/probe${query}`, headers)).body;
    expect(await kind('', basic(writer))).toEqual({ kind: 'api-key' });
    expect(await kind('', bearer(writer))).toEqual({ kind: 'api-key' });
    expect(await kind('', {})).toEqual({ kind: 'anonymous' });
    expect(await kind('', basic('garbage'))).toEqual({ kind: 'anonymous' });
    expect(await kind('?expires=1&signature=abc', basic(writer))).toEqual({ kind: 'anonymous' });
  });

  it('look nothing up for open routes, signed URLs and malformed keys', async () => {
    const malformed = bearer(`${writer.slice(0, -1)}!`);
    await tools.get('/v1/modules/open/probe');
    const before = tools.statements.count;
    await tools.get('/health', bearer(ApiKeyToken.generate('tfr_').text));
    await tools.get('/v1/files/probe?signature=a', bearer(ApiKeyToken.generate('tfr_').text));
    for (let round = 0; round < 50; round++) await tools.get('/api/v1/me', malformed);
    expect(tools.statements.count).toBe(before);
  });
});

describe('the guards of a private server', () => {
  let database: TestDatabase;
  let tools: Awaited<ReturnType<typeof prepare>>;

  beforeAll(async () => {
    database = await createTestDatabase();
    tools = await prepare(database, { TFR_AUTH_ANONYMOUS_READ: 'false' });
    const { id } = await tools.server.app.get(Organizations, { strict: false }).getDefault();
    await tools.claim('team', id);
    await tools.claim('open', await addOrganization(tools.dataSource, 'open', 'public'));
  });

  afterAll(async () => {
    await tools.server.stop();
    await database.drop();
  });

  it('answer 401 to every anonymous request outside public namespaces alike (checklist 14)', async () => {
    for (const headers of [{}, bearer('garbage')]) {
      const [team, absent] = [
        await tools.get('/v1/modules/team/probe', headers),
        await tools.get('/v1/modules/nobody/probe', headers),
      ];
      expect(team.status).toBe(401);
      expect(team.body).toEqual(absent.body);
      expect((await tools.get('/api/v1/modules/search', headers)).status).toBe(401);
      expect((await tools.get('/v1/modules/open/probe', headers)).status).toBe(200);
    }
  });

  it('answer 404 to a key without the right, for existing and absent alike (checklist 14)', async () => {
    const key = bearer(await tools.newKey(['providers:read']));
    const hidden = await tools.get('/v1/modules/team/probe', key);
    const absent = await tools.get('/v1/modules/nobody/probe', key);
    expect(hidden.status).toBe(404);
    expect(hidden.body).toEqual(absent.body);
    expect((await tools.get('/api/v1/modules/search', key)).status).toBe(403);
  });

  it('let a key with the right read', async () => {
    const key = bearer(await tools.newKey(['modules:write']));
    expect((await tools.get('/v1/modules/team/probe', key)).status).toBe(200);
    expect((await tools.get('/v1/modules/nobody/probe', key)).status).toBe(404);
    expect((await tools.get('/api/v1/modules/search', key)).status).toBe(200);
  });
});
