import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { describe, expect, it, vi } from 'vitest';
import { LoggingConfig } from '../../config/logging.config.js';
import { AppLogger } from './logger.js';
import { RequestLog } from './request-log.hook.js';

function logTo(settings: Partial<LoggingConfig> = {}) {
  const lines: string[] = [];
  const config = Object.assign(new LoggingConfig(), settings);
  const logger = new AppLogger(config, { write: (line) => void lines.push(line) });
  return { logger, lines, last: () => JSON.parse(lines.at(-1)!) as Record<string, unknown> };
}

const SECRETS = {
  key: 'tfr_AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdE',
  bearer: 'Bearer abcdefghijklmnop',
  link: '/v1/files/a.zip?expires=1&signature=c2lnbmF0dXJl',
  address: 'postgres://registry:hunter2hunter2@db/registry',
  pem: '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----',
};
const PLAIN = ['AbCdEfGhIjKl', 'abcdefghijklmnop', 'c2lnbmF0dXJl', 'hunter2', 'MIIEvQIBADANBg'];

describe('the log', () => {
  it('writes one JSON object per line with time, level, context and message', () => {
    const { logger, lines, last } = logTo();
    logger.log('Started', 'Registry');
    expect(lines).toHaveLength(1);
    expect(last()).toEqual({ level: 'info', time: expect.any(String), context: 'Registry', msg: 'Started' });
    expect(new Date(last()['time'] as string).toISOString()).toBe(last()['time']);
  });

  it('is what Nest loggers write to', () => {
    const { logger, last } = logTo();
    Logger.overrideLogger(logger);
    new Logger('Here').warn('Careful');
    Logger.overrideLogger(['log']);
    expect(last()).toMatchObject({ level: 'warn', context: 'Here', msg: 'Careful' });
  });

  it('leaves out what is below its level', () => {
    const { logger, lines } = logTo({ level: 'warn' });
    logger.log('no');
    logger.debug('no');
    logger.warn('yes');
    expect(lines).toHaveLength(1);
  });

  it.each(Object.entries(SECRETS))('takes a %s out of messages, errors and fields', (_kind, secret) => {
    for (const format of ['json', 'text'] as const) {
      const { logger, lines } = logTo({ format });
      logger.log(`with ${secret}`);
      logger.error({ message: 'failed', err: new Error(`because ${secret}`), request_id: secret });
      logger.error('failed', new Error(`because ${secret}`), 'Here');
      logger.error('failed', `Error: ${secret}\n at x`, 'Here');
      for (const plain of PLAIN) expect(lines.join('')).not.toContain(plain);
      expect(lines.join('')).toContain('because');
    }
  });

  it('writes only the fields it knows', () => {
    const { logger, last } = logTo();
    logger.log({ message: 'x', request_id: 'r', headers: { authorization: 'a' }, url: '/?b=c', status: 200 });
    expect(last()).toEqual({
      level: 'info',
      time: expect.any(String),
      msg: 'x',
      request_id: 'r',
      status: 200,
    });
  });

  it('keeps an event on one line whatever is in it, and cuts it', () => {
    const nasty = 'a\r\nb\u0000c\u2028d"}\n{"level":"fatal"}'.repeat(2000);
    for (const format of ['json', 'text'] as const) {
      const { logger, lines } = logTo({ format });
      logger.log(nasty, nasty);
      expect(lines).toHaveLength(1);
      expect(lines[0]!.trimEnd()).not.toMatch(/[\r\n]/);
      expect(lines[0]!.length).toBeLessThan(60_000);
    }
  });

  it('tells type, message, stack and cause of an error', () => {
    const { logger, last } = logTo();
    logger.error({ message: 'failed', err: new TypeError('inner', { cause: new Error('the reason') }) });
    const err = last()['err'] as Record<string, string>;
    expect(err).toMatchObject({ type: 'TypeError', message: 'inner' });
    expect(err['stack']).toContain('caused by Error: the reason');
  });

  it('opens its file again after it was moved away', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'log-test-'));
    try {
      const output = join(directory, 'logs', 'registry.log');
      const logger = new AppLogger(Object.assign(new LoggingConfig(), { output }));
      const holds = (path: string, text: string) =>
        vi.waitFor(async () => expect(await readFile(path, 'utf8')).toContain(text), { timeout: 5_000 });
      logger.log('before');
      await holds(output, 'before');
      await rename(output, `${output}.1`);
      logger.reopen();
      logger.log('after');
      await holds(output, 'after');
      expect(await readFile(`${output}.1`, 'utf8')).not.toContain('after');
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});

describe('the request log', () => {
  const request = {
    requestId: 'r',
    method: 'GET',
    route: '/livez',
    status: 200,
    durationMs: 1,
    clientIp: '::1',
  };

  it('writes one of a hundred ordinary hits of the cache, and every failed or slow one', () => {
    const { logger, lines } = logTo();
    const log = new RequestLog(logger);
    for (let i = 0; i < 1000; i += 1) log.record({ ...request, cached: true });
    expect(lines).toHaveLength(10);
    log.record({ ...request, cached: true, status: 404 });
    log.record({ ...request, cached: true, durationMs: 1500 });
    log.record(request);
    expect(lines).toHaveLength(13);
  });

  it('names what happened, never the path', () => {
    const { logger, last } = logTo();
    new RequestLog(logger).record({ ...request, status: 500, durationMs: 1.23456 });
    expect(last()).toMatchObject({
      level: 'error',
      request_id: 'r',
      method: 'GET',
      route: '/livez',
      status: 500,
      duration_ms: 1.235,
      client_ip: '::1',
    });
  });
});
