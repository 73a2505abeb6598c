import { Injectable } from '@nestjs/common';

const CACHE_MS = 1000;
const CHECK_TIMEOUT_MS = 5000;

/** What the checks said. `checks` has `healthy` or `unhealthy` by name, nothing about the reason. */
export interface ReadinessReport {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
  /** Why not, in words that are safe to show. */
  readonly error?: string;
}

/**
 * Whether this process can serve. Features register what they depend on; results are kept for one second, so
 * that being asked often costs nothing. Not ready as soon as the shutdown begins.
 */
@Injectable()
export class Readiness {
  private readonly checks = new Map<string, () => Promise<void>>();
  private readonly results = new Map<string, { until: number; healthy: Promise<boolean> }>();
  private stopping = false;

  /** Adds a check; it passes by returning and fails by throwing. */
  register(name: string, check: () => Promise<void>): void {
    this.checks.set(name, check);
  }

  /** From now on the answer is "not ready". */
  shutDown(): void {
    this.stopping = true;
  }

  get isShuttingDown(): boolean {
    return this.stopping;
  }

  /** The result of one check; a check that nobody registered counts as failed. */
  probe(name: string): Promise<boolean> {
    const now = performance.now();
    const known = this.results.get(name);
    if (known && known.until > now) return known.healthy;
    const healthy = this.run(name);
    this.results.set(name, { until: now + CACHE_MS, healthy });
    return healthy;
  }

  /** Runs the checks one after the other, the database first; those after a failed one are not asked. */
  async check(): Promise<ReadinessReport> {
    const checks: Record<string, string> = {};
    let error = this.stopping ? 'the server is shutting down' : undefined;
    for (const name of this.inOrder()) {
      const healthy = await this.probe(name);
      checks[name] = healthy ? 'healthy' : 'unhealthy';
      if (healthy) continue;
      error ??= `${name} check failed`;
      break;
    }
    return { ready: error === undefined, checks, ...(error !== undefined && { error }) };
  }

  private inOrder(): string[] {
    return [...this.checks.keys()].sort((a, b) => Number(b === 'database') - Number(a === 'database'));
  }

  private async run(name: string): Promise<boolean> {
    const check = this.checks.get(name);
    if (!check) return false;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`${name}: no answer in time`)), CHECK_TIMEOUT_MS);
    });
    try {
      await Promise.race([check(), timeout]);
      return true;
    } catch {
      return false;
    } finally {
      clearTimeout(timer);
    }
  }
}
