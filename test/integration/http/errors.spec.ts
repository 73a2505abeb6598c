import { Body, Controller, Get, HttpCode, Param, Post, Query } from '@nestjs/common';
import { IsString, MaxLength } from 'class-validator';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Open } from '../../../src/access/route-access.decorator.js';
import { DomainError } from '../../../src/kernel/errors.js';
import { TestApplication } from './support/test-application.js';

class Taken extends DomainError {
  readonly kind = 'conflict';
  readonly code = 'taken';
}

class Withdrawn extends DomainError {
  readonly kind = 'gone';
  readonly code = 'withdrawn';
}

class Away extends DomainError {
  readonly kind = 'unavailable';
  readonly code = 'away';
}

class NameDto {
  @IsString({ message: 'name must be text' })
  @MaxLength(5, { message: 'name is too long' })
  name!: string;
}

const ERRORS: Record<string, () => Error> = {
  taken: () =>
    new Taken('It is taken', { body: { checksum: 'abc' }, details: 'Another name', fields: { name: 'x' } }),
  withdrawn: () => new Withdrawn('Version 1.0.0 was withdrawn'),
  away: () => new Away('The database is away'),
  secret: () => new Error('SELECT * FROM users at /srv/app/secret.ts tfr_abcdefghijklmnopqrstuvwxyz'),
};

@Controller()
class FailingController {
  @Open()
  @Get(['api/v1/fails/:how', 'v1/modules/fails/:how', 'terraform/providers/fails/:how'])
  fail(@Param('how') how: string): never {
    throw ERRORS[how]!();
  }

  @Open()
  @HttpCode(200)
  @Post('api/v1/names')
  name(@Body() body: NameDto): object {
    return { name: body.name, keys: Object.keys(body) };
  }

  @Open()
  @Get('api/v1/query')
  query(@Query() query: Record<string, unknown>): object {
    return { ...query };
  }

  @Open()
  @HttpCode(200)
  @Post('api/v1/optional')
  optional(): object {
    return { ok: true };
  }
}

let server: TestApplication;
beforeAll(async () => {
  server = await TestApplication.start([FailingController]);
});
afterAll(() => server.stop());

const post = (payload: string | Buffer, type = 'application/json', url = '/api/v1/names') =>
  server.inject({ method: 'POST', url, payload, headers: { 'content-type': type } });

describe('error bodies', () => {
  it('carry code, details, fields and facts of a named error', async () => {
    const response = await server.inject('/api/v1/fails/taken');
    expect(response.statusCode).toBe(409);
    expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
    expect(response.json()).toEqual({
      error: 'It is taken',
      code: 'taken',
      details: 'Another name',
      fields: { name: 'x' },
      checksum: 'abc',
    });
  });

  it('carry `errors` and `error` on protocol routes (checklist 111)', async () => {
    for (const url of [
      '/v1/modules/fails/taken',
      '/terraform/providers/fails/taken',
      '/v1/providers/nothing/here',
    ]) {
      const body = (await server.inject(url)).json<{ errors: string[]; error: string }>();
      expect(body.errors).toEqual([body.error]);
      expect(body.error).not.toBe('');
    }
  });

  it('say nothing about an unexpected error except its request id, and log the rest', async () => {
    const response = await server.inject({
      url: '/api/v1/fails/secret',
      headers: { 'x-request-id': 'req-1' },
    });
    expect(response.statusCode).toBe(500);
    expect(response.json()).toEqual({ error: 'Internal server error', request_id: 'req-1' });
    const line = server.lines.find((text) => text.includes('Request failed') && text.includes('req-1'));
    expect(line).toContain('SELECT * FROM users');
    expect(line).not.toContain('tfr_abcdef');
  });

  it('tell when to come back after a 503 (checklist 107)', async () => {
    const response = await server.inject('/api/v1/fails/away');
    expect(response.statusCode).toBe(503);
    expect(Number(response.headers['retry-after'])).toBeGreaterThan(0);
  });

  it('are one line of plain text where a CLI asks for a withdrawn module (checklist 58)', async () => {
    const url = '/v1/modules/fails/withdrawn';
    const cli = await server.inject({ url, headers: { 'x-terraform-version': '1.11.4' } });
    expect([cli.statusCode, cli.body]).toEqual([410, 'Version 1.0.0 was withdrawn\n']);
    expect(cli.headers['content-type']).toBe('text/plain; charset=utf-8');
    expect((await server.inject(url)).json()).toMatchObject({ error: 'Version 1.0.0 was withdrawn' });
  });
});

describe('unknown paths and methods', () => {
  it('answers 404 in JSON, never HTML (checklist 116)', async () => {
    const response = await server.inject({ url: '/nothing', headers: { accept: 'text/html' } });
    expect(response.statusCode).toBe(404);
    expect(response.body).toBe('{"error":"Not found"}');
    expect((await server.inject('/v1/modules/nothing')).json()).toEqual({
      errors: ['Not found'],
      error: 'Not found',
    });
  });

  it.each(['PUT', 'PATCH', 'DELETE', 'TRACE', 'POST'] as const)(
    'answers 405 with Allow to %s',
    async (method) => {
      const response = await server.inject({ method: method as 'PUT', url: '/api/v1/fails/taken?x=1' });
      expect(response.statusCode).toBe(405);
      expect(response.body).toBe('{"error":"Method not allowed"}');
      expect(response.headers.allow).toBe('GET, HEAD');
      expect(response.headers['x-content-type-options']).toBe('nosniff');
    },
  );

  it('answers OPTIONS of a known path with its methods', async () => {
    const response = await server.inject({ method: 'OPTIONS', url: '/api/v1/names/' });
    expect([response.statusCode, response.headers.allow]).toEqual([204, 'POST']);
    expect((await server.inject({ method: 'OPTIONS', url: '/nothing' })).statusCode).toBe(404);
  });

  it('answers HEAD like GET, without a body', async () => {
    const get = await server.inject('/livez');
    const head = await server.inject({ method: 'HEAD', url: '/livez' });
    expect([head.statusCode, head.body]).toEqual([200, '']);
    expect(head.headers['content-length']).toBe(get.headers['content-length']);
  });

  it('does not care about a trailing slash', async () => {
    expect((await server.inject('/livez/')).statusCode).toBe(200);
  });
});

describe('JSON bodies', () => {
  const nested = (depth: number) => `${'{"x":'.repeat(depth)}1${'}'.repeat(depth)}`;

  it('drops unknown fields and names the broken ones', async () => {
    expect((await post('{"name":"vpc","admin":true}')).json()).toEqual({ name: 'vpc', keys: ['name'] });
    const refused = await post('{"name":"much too long"}');
    expect(refused.statusCode).toBe(400);
    expect(refused.json()).toEqual({
      error: 'name is too long',
      code: 'invalid_input',
      fields: { name: 'name is too long' },
    });
  });

  it.each([
    ['text that is not JSON', '{"name":'],
    ['deep nesting', nested(21)],
    ['a list', '[{"name":"a"}]'],
    ['null', 'null'],
    ['NUL', '{"name":"a\\u0000"}'],
    ['__proto__', '{"name":"a","x":{"__proto__":{"admin":true}}}'],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22])],
    ['an array for text', '{"name":["a"]}'],
  ])('refuses %s with 400', async (_what, payload) => {
    const response = await post(payload);
    expect(response.statusCode).toBe(400);
    expect(response.json<{ error: string }>().error).not.toBe('');
  });

  it('accepts twenty levels', async () => {
    const response = await post(nested(20), 'application/json', '/api/v1/optional');
    expect(response.statusCode).toBe(200);
  });

  it('refuses an upload where none is taken with 415', async () => {
    const type = 'multipart/form-data; boundary=b';
    const part = '--b\r\ncontent-disposition: form-data; name="name"\r\n\r\nvpc\r\n--b--\r\n';
    const response = await post(part, type, '/api/v1/optional');
    expect(response.statusCode).toBe(415);
    expect(response.json()).toMatchObject({ code: 'unsupported_media_type' });
  });

  it('refuses a body above the limit with 413 and takes one at the limit', async () => {
    const body = (size: number) => `{"x":"${'x'.repeat(size - '{"x":""}'.length)}"}`;
    const limit = 1024 * 1024;
    expect((await post(body(limit + 1))).statusCode).toBe(413);
    expect((await post(body(limit + 1))).json()).toMatchObject({
      error: 'The request body is larger than 1 MiB (TFR_UPLOADS_JSON_MAX_SIZE)',
    });
    expect((await post(body(limit), 'application/json', '/api/v1/optional')).statusCode).toBe(200);
  });

  it('answers 415 to other content types', async () => {
    const response = await post('name=vpc', 'application/x-www-form-urlencoded');
    expect([response.statusCode, response.json<{ error: string }>().error]).toEqual([
      415,
      'Unsupported content type: send application/json',
    ]);
  });

  it('accepts an empty body, {} and a missing content type where the body is optional', async () => {
    const url = '/api/v1/optional';
    expect((await server.inject({ method: 'POST', url })).statusCode).toBe(200);
    expect((await post('', 'application/json', url)).statusCode).toBe(200);
    expect((await post('{}', 'application/json', url)).statusCode).toBe(200);
  });
});

describe('query strings', () => {
  it('give one text per name, the last one', async () => {
    const response = await server.inject('/api/v1/query?a=1&a=2&b=x%20y&__proto__=z&c');
    expect(response.json()).toEqual({ a: '2', b: 'x y', c: '', ['__proto__']: 'z' });
  });
});
