import { describe, expect, it } from 'vitest';
import { documentRequest, namesOpenTofu, readPlainRequest } from './request-facts.js';

describe('reading a request for the fast path', () => {
  it('takes what the CLI sends', () => {
    const raw = [
      'Host',
      'r',
      'User-Agent',
      'Terraform/1.11.4',
      'Authorization',
      'Bearer x',
      'X-Terraform-Version',
      '1.11.4',
    ];
    raw.push('Accept-Encoding', 'gzip', 'X-Request-ID', 'abc', 'If-None-Match', '"e"');
    expect(readPlainRequest(raw)).toEqual({
      authorization: 'Bearer x',
      acceptEncoding: 'gzip',
      ifNoneMatch: '"e"',
      requestId: 'abc',
      isLean: true,
      clientVersion: '1.11.4',
    });
  });

  it.each([
    [['Authorization', 'a', 'authorization', 'b']],
    [['X-Request-ID', 'a', 'X-Request-Id', 'b']],
    [['Content-Length', '3']],
    [['Transfer-Encoding', 'chunked']],
    [['Cookie', 'tfr_session=x']],
    [['Origin', 'https://web.example.com']],
    [['Expect', '100-continue']],
    [['Upgrade', 'h2c']],
  ])('leaves %s to the router', (raw) => {
    expect(readPlainRequest(['X-Terraform-Version', '1', ...raw])).toBeUndefined();
  });

  it.each([
    ['gzip', true],
    ['deflate, GZIP;q=0.5', true],
    ['gzip;q=0', false],
    ['gzip; q=0.0', false],
    ['br', false],
    [undefined, false],
  ])('understands Accept-Encoding: %s', (acceptEncoding, accepts) => {
    const facts = { authorization: undefined, ifNoneMatch: undefined, acceptEncoding };
    expect(documentRequest(facts).acceptsGzip).toBe(accepts);
  });
});

describe('telling OpenTofu from Terraform', () => {
  it.each([
    [['User-Agent', 'OpenTofu/1.9.0 (+https://opentofu.org)'], true],
    [['Accept', '*/*', 'user-agent', 'OpenTofu/1.9.0'], true],
    [['USER-AGENT', 'OpenTofu/1.9.0'], true],
    [['User-Agent', 'Terraform/1.11.4 OpenTofu/1.9.0'], false],
    [['Connection', 'OpenTofu/1.9.0'], false],
    [['User-Agent'], false],
    [[], false],
  ])('reads %j', (raw, isOpenTofu) => {
    expect(namesOpenTofu(raw)).toBe(isOpenTofu);
  });
});
