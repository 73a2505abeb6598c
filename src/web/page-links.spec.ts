import { describe, expect, it } from 'vitest';
import { withModulePages, withProviderPages } from './page-links.js';

const MODULE = { address: 'acme/vpc/aws', version: '1.0.0', parts: ['modules/web', 'examples/all'] };
const FILES = '/api/v1/modules/acme/vpc/aws/versions/1.0.0/files?path=';

const link = (target: string) => `<p><a rel="nofollow" href="${target}">x</a></p>`;

describe('links of a README', () => {
  it.each([
    [`${FILES}modules/web/README.md`, '/modules/acme/vpc/aws/1.0.0?path=modules%2Fweb'],
    [`${FILES}examples/all/readme.md#usage`, '/modules/acme/vpc/aws/1.0.0?path=examples%2Fall#usage'],
    [`${FILES}README.md`, '/modules/acme/vpc/aws/1.0.0'],
  ])('lead from %s to the page', (target, page) => {
    expect(withModulePages(link(target), MODULE)).toBe(link(page));
  });

  it.each([
    `${FILES}docs/plan.md`,
    `${FILES}modules/other/README.md`,
    'https://example.com/README.md',
    '#top',
  ])('leave %s alone', (target) => {
    expect(withModulePages(link(target), MODULE)).toBe(link(target));
  });

  it('lead to the files of no other version', () => {
    const other = link(FILES.replace('1.0.0', '1.0.1'));
    expect(withModulePages(other, MODULE)).toBe(other);
  });
});

describe('links between pages of a provider', () => {
  it('lead to the pages of this server', () => {
    const target = '/api/v1/providers/acme/cloud/versions/1.0.0/docs/resources/server#argument-reference';
    expect(withProviderPages(link(target), { address: 'acme/cloud', version: '1.0.0' })).toBe(
      link('/providers/acme/cloud/1.0.0/docs/resources/server#argument-reference'),
    );
  });
});
