import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LoginConfig } from '../config/login.config.js';
import { TerraformLoginOffer } from './terraform-login-offer.service.js';

/** An offer over accounts that answer what `answer` says, with a clock that stands still. */
function anOffer(answer: () => Promise<boolean>, config: Partial<LoginConfig> = {}) {
  const listeners: (() => void)[] = [];
  let readings = 0;
  const accounts = { anyExists: () => ((readings += 1), answer()) };
  const offer = new TerraformLoginOffer(
    Object.assign(new LoginConfig(), config),
    { isAnyConfigured: () => Promise.resolve(false) } as never,
    accounts as never,
    { onChange: (_topic: string, forget: () => void) => void listeners.push(forget) } as never,
  );
  return { offer, readings: () => readings, announce: () => listeners.forEach((forget) => forget()) };
}

describe('whether terraform login is offered', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance', 'setTimeout', 'clearTimeout'] }));
  afterEach(() => void vi.useRealTimers());

  it('is asked of the database once in five seconds, however many want to know', async () => {
    const { offer, readings } = anOffer(() => Promise.resolve(true));
    const answers = await Promise.all(Array.from({ length: 100 }, () => offer.isOpen()));
    expect(new Set(answers)).toEqual(new Set([true]));
    vi.advanceTimersByTime(4_999);
    await offer.isOpen();
    expect(readings()).toBe(1);
    vi.advanceTimersByTime(1);
    await offer.isOpen();
    expect(readings()).toBe(2);
  });

  it('is known at once when something changed', async () => {
    let exists = false;
    const { offer, announce } = anOffer(() => Promise.resolve(exists));
    expect(await offer.isOpen()).toBe(false);
    exists = true;
    expect(await offer.isOpen()).toBe(false);
    announce();
    expect(await offer.isOpen()).toBe(true);
  });

  it('is read again when it changed while it was read', async () => {
    let finish: (exists: boolean) => void = () => undefined;
    const { offer, readings, announce } = anOffer(() => new Promise((done) => (finish = done)));
    const first = offer.isOpen();
    announce();
    finish(false);
    expect(await first).toBe(false);
    const second = offer.isOpen();
    expect(readings()).toBe(2);
    finish(true);
    expect(await second).toBe(true);
  });

  it('stays as it was known when the database fails or hangs, and nobody waits long (checklist 9)', async () => {
    let answer: () => Promise<boolean> = () => Promise.resolve(true);
    const { offer } = anOffer(() => answer());
    expect(await offer.isOpen()).toBe(true);
    answer = () => Promise.reject(new Error('connection refused'));
    vi.advanceTimersByTime(5_000);
    expect(await offer.isOpen()).toBe(true);
    answer = () => new Promise(() => undefined);
    vi.advanceTimersByTime(5_000);
    const waiting = offer.isOpen();
    vi.advanceTimersByTime(250);
    expect(await waiting).toBe(true);
  });

  it('is not asked of anybody where it is configured', async () => {
    for (const enabled of [true, false]) {
      const { offer, readings } = anOffer(() => Promise.resolve(!enabled), { enabled });
      expect(await offer.isOpen()).toBe(enabled);
      expect(readings()).toBe(0);
    }
  });
});
