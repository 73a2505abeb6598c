import { Controller, Get } from '@nestjs/common';
import { afterEach, describe, expect, it } from 'vitest';
import { Open } from '../../../src/access/route-access.decorator.js';
import { LimitsConfig } from '../../../src/config/limits.config.js';
import { RateLimit } from '../../../src/platform/http/rate-limit.decorator.js';
import { TestApplication } from './support/test-application.js';

@Controller()
class LimitedController {
  @Open()
  @Get('api/v1/things')
  things(): object {
    return {};
  }

  @Open()
  @RateLimit('upload')
  @Get('api/v1/uploads')
  uploads(): object {
    return {};
  }

  @Open()
  @Get('v1/modules/a/b/c/versions')
  versions(): object {
    return {};
  }
}

const servers: TestApplication[] = [];
async function start(rates: Partial<LimitsConfig['rateLimiting']>): Promise<TestApplication> {
  const rateLimiting = Object.assign(Object.create(null) as object, new LimitsConfig().rateLimiting, rates);
  const server = await TestApplication.start([LimitedController], {
    limits: { rateLimiting: rateLimiting as LimitsConfig['rateLimiting'] },
  });
  servers.push(server);
  return server;
}
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

const ask = async (
  server: TestApplication,
  url: string,
  count: number,
  headers: Record<string, string> = {},
) => {
  const statuses: number[] = [];
  for (let i = 0; i < count; i += 1) statuses.push((await server.inject({ url, headers })).statusCode);
  return statuses;
};

describe('rate limits', () => {
  it('answer 429 with the body and headers of the contract above the burst', async () => {
    const server = await start({ requestsPerMinute: 30, burst: 2 });
    expect(await ask(server, '/api/v1/things', 2)).toEqual([200, 200]);
    const refused = await server.inject('/api/v1/things');
    expect(refused.statusCode).toBe(429);
    expect(refused.json()).toEqual({ error: 'Rate limit exceeded', retry_after: 2, code: 'rate_limited' });
    expect(refused.headers).toMatchObject({
      'retry-after': '2',
      'x-ratelimit-limit': '30',
      'x-ratelimit-remaining': '0',
    });
  });

  it('count every bucket on its own', async () => {
    const server = await start({ burst: 3, uploadBurst: 1 });
    expect(await ask(server, '/api/v1/uploads', 2)).toEqual([200, 429]);
    expect(await ask(server, '/api/v1/things', 4)).toEqual([200, 200, 200, 429]);
  });

  it('are not avoided with made-up credentials', async () => {
    const server = await start({ burst: 3 });
    const statuses: number[] = [];
    for (let i = 0; i < 5; i += 1) {
      statuses.push(...(await ask(server, '/api/v1/things', 1, { authorization: `Bearer ${i}` })));
    }
    expect(statuses).toEqual([200, 200, 200, 429, 429]);
  });

  it('believe X-Forwarded-For of trusted proxies only', async () => {
    const server = await start({ burst: 1 });
    const from = (ip: string, remoteAddress: string) =>
      server.inject({ url: '/api/v1/things', remoteAddress, headers: { 'x-forwarded-for': ip } });
    expect((await from('192.0.2.1', '127.0.0.1')).statusCode).toBe(200);
    expect((await from('192.0.2.2', '127.0.0.1')).statusCode).toBe(200);
    expect((await from('192.0.2.1', '127.0.0.1')).statusCode).toBe(429);
    expect((await from('192.0.2.3', '198.51.100.1')).statusCode).toBe(200);
    expect((await from('192.0.2.4', '198.51.100.1')).statusCode).toBe(429);
  });

  it('leave protocol routes alone unless their limit is on, health always', async () => {
    const off = await start({ burst: 1 });
    expect(new Set(await ask(off, '/v1/modules/a/b/c/versions', 20))).toEqual(new Set([200]));
    const on = await start({ protocolRequestsPerMinute: 60, protocolBurst: 2 });
    expect(await ask(on, '/v1/modules/a/b/c/versions', 3)).toEqual([200, 200, 429]);
    expect(new Set(await ask(on, '/livez', 20))).toEqual(new Set([200]));
  });

  it('are off when they are switched off', async () => {
    const server = await start({ enabled: false, burst: 1 });
    expect(new Set(await ask(server, '/api/v1/things', 20))).toEqual(new Set([200]));
  });
});
