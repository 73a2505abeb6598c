import { fastify } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClientAddress } from './client-address.js';
import { keepAddresses } from './forwarded-addresses.js';

const TRUSTED = ['127.0.0.0/8', '::1', '10.0.0.0/8', '2001:db8::/32'];
const address = new ClientAddress(TRUSTED);

describe('the address of a client', () => {
  it.each([
    ['is the peer without a header', '203.0.113.1', undefined, '203.0.113.1'],
    ['is the peer when it is not trusted', '203.0.113.1', '198.51.100.7', '203.0.113.1'],
    ['is what a trusted proxy says', '10.0.0.1', '198.51.100.7', '198.51.100.7'],
    [
      'is what the nearest trusted proxies agree on',
      '10.0.0.1',
      '1.1.1.1, 198.51.100.7, 10.2.2.2',
      '198.51.100.7',
    ],
    ['is the farthest when all are trusted', '::1', '10.9.9.9,10.2.2.2', '10.9.9.9'],
    ['is read from a mapped address too', '::ffff:10.0.0.1', '198.51.100.7', '198.51.100.7'],
    ['may be an IPv6 address', '2001:db8::1', '2001:4860::1', '2001:4860::1'],
    ['is never anything but an address', '10.0.0.1', 'a secret', '10.0.0.1'],
    ['is the last one that is known', '10.0.0.1', '1.1.1.1, unknown, 10.2.2.2', '10.2.2.2'],
    ['has no port', '10.0.0.1', '198.51.100.7:4711', '198.51.100.7'],
    ['has no port in IPv6 either', '10.0.0.1', '[2001:4860::1]:4711', '2001:4860::1'],
    ['has no zone, which is any text', '10.0.0.1', 'fe80::1%secret', '10.0.0.1'],
    ['is the peer when the header is empty', '10.0.0.1', '', '10.0.0.1'],
  ])('%s', (_, remote, forwardedFor, expected) => {
    expect(address.of(remote, forwardedFor)).toBe(expected);
  });

  describe('compared with the router', () => {
    const app = fastify({ trustProxy: [...TRUSTED] });
    beforeAll(async () => {
      app.addHook('onRequest', async ({ raw }) => keepAddresses(raw.headers));
      app.get('/', (request) => request.ip);
      await app.ready();
    });
    afterAll(() => app.close());

    it.each([
      ...['198.51.100.7', '1.1.1.1, 10.1.1.1', '10.1.1.1', ' 1.1.1.1 ,  ::1', '2001:db8::5, 9.9.9.9'],
      ...['a secret', '1.1.1.1, a secret, 10.1.1.1', '198.51.100.7:80', '', ', ,', '9.9.9.9, fe80::1%secret'],
    ])('is the same for %s', async (forwardedFor) => {
      for (const remoteAddress of ['127.0.0.1', '10.5.5.5', '203.0.113.1', '::1']) {
        const answer = await app.inject({
          url: '/',
          remoteAddress,
          headers: { 'x-forwarded-for': forwardedFor },
        });
        expect(address.of(remoteAddress, forwardedFor)).toBe(answer.body);
      }
    });
  });
});
