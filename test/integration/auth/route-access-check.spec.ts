import { Controller, Get, Post } from '@nestjs/common';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NotAudited } from '../../../src/access/audited.decorator.js';
import { Open } from '../../../src/access/route-access.decorator.js';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { startGuarded } from './support/guarded-application.js';

@Controller('declared')
class Declared {
  @Open()
  @Get()
  show() {
    return {};
  }

  helper() {
    return {};
  }
}

class Inherited {
  @NotAudited('a probe')
  @Post('inherited')
  forgotten() {
    return {};
  }
}

@Controller('silent')
class Silent extends Inherited {
  @Get()
  show() {
    return {};
  }

  @Open()
  @Get('open')
  open() {
    return {};
  }
}

describe('an application with a route that does not say who may call it (C2)', () => {
  const env = { ENCRYPTION_KEY: `hex:${randomBytes(32).toString('hex')}` };
  let database: TestDatabase;

  beforeAll(async () => {
    database = await createTestDatabase();
  });

  afterAll(() => database.drop());

  it('does not start, and names every such handler, inherited ones too', async () => {
    await expect(startGuarded(database, [Declared, Silent], env)).rejects.toThrow(
      /do not declare who may call them: Silent\.show, Silent\.forgotten\./,
    );
  });

  it('starts once each has a rule', async () => {
    const server = await startGuarded(database, [Declared], env);
    expect((await fetch(`${server.url}/declared`)).status).toBe(200);
    await server.stop();
  });
});
