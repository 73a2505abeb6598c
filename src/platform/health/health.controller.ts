import { Controller, Get, Res } from '@nestjs/common';
import { ApiTags } from '@nestjs/swagger';
import { Open } from '../../access/route-access.decorator.js';
import { Clock } from '../../kernel/clock.js';
import { Readiness } from './readiness.js';
import { readRelease } from './release.js';

/** The little of a reply that is used here. */
interface StatusReply {
  code(status: number): StatusReply;
  header(name: string, value: string): StatusReply;
}

/** Health, readiness and version: REST contract, section 5. */
@ApiTags('System')
@Controller()
export class HealthController {
  private readonly release = readRelease();

  constructor(
    private readonly readiness: Readiness,
    private readonly clock: Clock,
  ) {}

  /** Whether the database answers. */
  @Open()
  @Get(['health', 'healthz'])
  async health(@Res({ passthrough: true }) reply: StatusReply): Promise<object> {
    if (await this.readiness.probe('database')) return { status: 'healthy', time: this.now() };
    this.unavailable(reply);
    return { status: 'unhealthy', error: 'database connection failed' };
  }

  /** Whether the process runs; asks nothing. */
  @Open()
  @Get('livez')
  live(): object {
    return { status: 'alive' };
  }

  /** Whether requests can be served: database first, then storage. */
  @Open()
  @Get(['ready', 'readyz'])
  async ready(@Res({ passthrough: true }) reply: StatusReply): Promise<object> {
    const { ready, checks, error } = await this.readiness.check();
    if (ready) return { ready, checks, time: this.now() };
    this.unavailable(reply);
    return { ready, checks, error };
  }

  /** Release and protocol versions. */
  @Open()
  @Get('version')
  version(): object {
    const { version, commit, buildDate } = this.release;
    return {
      version,
      api_version: 'v1',
      protocols: { modules: 'v1', providers: 'v1', mirror: 'v1' },
      ...(buildDate !== undefined && { build_date: buildDate }),
      ...(commit !== undefined && { commit }),
    };
  }

  private now(): string {
    return this.clock.now().toISOString();
  }

  private unavailable(reply: StatusReply): void {
    reply.code(503).header('retry-after', '2');
  }
}
