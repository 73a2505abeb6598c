import { Injectable, Logger } from '@nestjs/common';
import { chmod, rm, writeFile } from 'node:fs/promises';
import { SetupConfig } from '../config/setup.config.js';
import { Clock } from '../kernel/clock.js';
import { RateLimiter } from '../platform/http/rate-limiter.js';
import { NoSetupToken, SetupCompleted, SetupTokenRefused } from './domain/setup.errors.js';
import { SetupTokenText } from './domain/setup-token.js';
import { SetupStateRepository } from './persistence/setup-state.repository.js';

/** REST contract 2.10: failed attempts per minute and address. */
const FAILURES = { perMinute: 5, burst: 5 };
const SCHEME = /^SetupToken +(\S+)$/i;

/** How a request presents the token. */
export interface PresentedToken {
  readonly authorization: string | undefined;
  /** `X-Setup-Token`, for browsers that still hold an old sign-in. */
  readonly header: string | undefined;
  readonly clientIp: string;
}

/** The one-time token that opens the setup (REST contract 11): made once, shown once, stored as a digest. */
@Injectable()
export class SetupTokens {
  private readonly logger = new Logger('Setup');

  constructor(
    private readonly states: SetupStateRepository,
    private readonly config: SetupConfig,
    private readonly limiter: RateLimiter,
    private readonly clock: Clock,
  ) {}

  /**
   * Makes a token when setup is open and there is none, or only one that was not used in time. Gives it to the
   * one process that made it; `undefined` in every other case.
   */
  async issue(): Promise<string | undefined> {
    const token = SetupTokenText.generate();
    const isMade = await this.states.replaceToken(SetupTokenText.digestOf(token), this.config.tokenTtlMs);
    if (!isMade) return undefined;
    await this.write(token);
    return token;
  }

  /** Removes the file with the token, once it opens nothing any more. */
  async forget(): Promise<void> {
    if (this.config.tokenFile !== undefined)
      await rm(this.config.tokenFile, { force: true }).catch(() => undefined);
  }

  /**
   * Throws {@link SetupCompleted}, {@link NoSetupToken}, {@link SetupTokenRefused}, or `RateLimited` after too
   * many failures from this address. What succeeds is not counted.
   */
  async check(presented: PresentedToken): Promise<void> {
    const { tokenDigest, tokenCreatedAt, completedAt } = await this.states.get();
    if (completedAt !== null) throw new SetupCompleted();
    if (tokenDigest === null) throw new NoSetupToken();
    await this.limiter.attempt('setup', presented.clientIp, FAILURES, () =>
      this.compare(presented, tokenDigest, tokenCreatedAt),
    );
  }

  private compare({ authorization, header }: PresentedToken, digest: Buffer, createdAt: Date | null): void {
    if (header === undefined && authorization === undefined) throw SetupTokenRefused.missing();
    const token = header ?? SCHEME.exec(authorization ?? '')?.[1];
    if (token === undefined) throw SetupTokenRefused.scheme();
    const isRight = SetupTokenText.matches(token, digest);
    if (!isRight || this.isOverdue(createdAt)) throw SetupTokenRefused.invalid();
  }

  private isOverdue(createdAt: Date | null): boolean {
    const { tokenTtlMs } = this.config;
    if (tokenTtlMs === 0 || createdAt === null) return false;
    return createdAt.getTime() + tokenTtlMs < this.clock.now().getTime();
  }

  private async write(token: string): Promise<void> {
    const { tokenFile } = this.config;
    if (tokenFile === undefined) return;
    try {
      await writeFile(tokenFile, `${token}\n`, { mode: 0o600 });
      await chmod(tokenFile, 0o600);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      this.logger.warn(`The setup token cannot be written to the file that SETUP_TOKEN_FILE names (${code})`);
    }
  }
}
