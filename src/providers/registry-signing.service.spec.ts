import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { PublishingConfig } from '../config/publishing.config.js';
import type { PlatformSecrets } from '../platform/crypto/platform-secrets.service.js';
import { RegistrySigning } from './registry-signing.service.js';

describe('The signing key of the registry', () => {
  afterEach(() => vi.restoreAllMocks());

  function unreachable(): { signing: RegistrySigning; fail: () => Promise<void>; errors: () => number } {
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    let reject: (error: Error) => void = () => undefined;
    const failing = new Promise<Buffer>((_, refuse) => (reject = refuse));
    const secrets = { getOrCreate: () => failing } as unknown as PlatformSecrets;
    const fail = async (): Promise<void> => {
      reject(new Error('Driver not Connected'));
      await new Promise(setImmediate);
    };
    return {
      signing: new RegistrySigning(new PublishingConfig(), secrets),
      fail,
      errors: () => error.mock.calls.length,
    };
  }

  it('is reported when it cannot be had', async () => {
    const { signing, fail, errors } = unreachable();
    signing.prepare();
    await fail();
    expect(errors()).toBe(1);
  });

  it('is not missed by a process that ends while it is made', async () => {
    const { signing, fail, errors } = unreachable();
    signing.prepare();
    signing.beforeApplicationShutdown();
    await fail();
    expect(errors()).toBe(0);
  });
});
