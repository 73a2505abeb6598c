import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { IdentitySettings } from './identity-settings.service.js';

/** Where the browser side of the registry is (REST contract 9.1). */
@Injectable()
export class Frontend {
  constructor(
    private readonly config: AppConfig,
    private readonly settings: IdentitySettings,
  ) {}

  /**
   * The base address without a slash at its end: the public URL where one is set, else the origin of the redirect
   * URL of the provider in use, else the base URL.
   */
  async address(): Promise<string> {
    const { frontendUrl } = this.config.oidc;
    if (frontendUrl !== undefined) return frontendUrl;
    const { baseUrl } = this.config.server;
    const active = (await this.settings.active('oidc')) ?? (await this.settings.active('azuread'));
    if (active === undefined || active.redirectUrl.startsWith(`${baseUrl}/`)) return baseUrl;
    return new URL(active.redirectUrl).origin;
  }
}
