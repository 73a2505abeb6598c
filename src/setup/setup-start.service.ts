import { Injectable, Logger } from '@nestjs/common';
import { SetupConfig } from '../config/setup.config.js';
import { DomainError } from '../kernel/errors.js';
import { RequestContext } from '../platform/request-context/request-context.js';
import { SetupCompleted } from './domain/setup.errors.js';
import { Setup } from './setup.service.js';
import { SetupTokens } from './setup-token.service.js';

/** What happens to the setup when the server starts (REST contract 11). */
@Injectable()
export class SetupStart {
  private readonly logger = new Logger('Setup');

  constructor(
    private readonly setup: Setup,
    private readonly tokens: SetupTokens,
    private readonly config: SetupConfig,
  ) {}

  /**
   * Completes the setup when everything it needs is configured; otherwise answers the token, to be shown once,
   * if this start is the one that made it. Never throws for what an operator configured: the log says it.
   */
  async begin(): Promise<string | undefined> {
    return RequestContext.runAs('COMMAND', 'setup at start', async () => {
      if (await this.setup.isCompleted()) return undefined;
      if (await this.completeFromConfiguration()) return undefined;
      return this.tokens.issue();
    });
  }

  private async completeFromConfiguration(): Promise<boolean> {
    const { adminEmail, adminPassword } = this.config;
    if (adminEmail === undefined) return false;
    try {
      await this.setup.appointAdministrator(adminEmail, undefined, adminPassword);
      const missing = await this.setup.missing();
      if (missing.length > 0) {
        this.logger.warn(`The setup is not complete with the configuration: ${missing.join(', ')} missing`);
        return false;
      }
      await this.setup.complete();
      this.logger.log('The setup was completed with the configuration');
      return true;
    } catch (error) {
      if (error instanceof SetupCompleted) return true;
      if (!(error instanceof DomainError)) throw error;
      this.logger.warn(`The setup could not be completed with the configuration: ${error.message}`);
      return false;
    }
  }
}
