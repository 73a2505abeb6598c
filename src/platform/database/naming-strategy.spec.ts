import { describe, expect, it } from 'vitest';
import { SnakeCaseNamingStrategy } from './naming-strategy.js';

describe('column names', () => {
  const names = new SnakeCaseNamingStrategy();

  it('are the property names in snake case', () => {
    expect(names.columnName('publishedByName', undefined, [])).toBe('published_by_name');
    expect(names.columnName('h1', undefined, [])).toBe('h1');
    expect(names.columnName('oidcSub', undefined, ['homeAddress'])).toBe('home_address_oidc_sub');
  });

  it('stay as an entity writes them', () => {
    expect(names.columnName('anything', 'custom_name', [])).toBe('custom_name');
    expect(names.tableName('ModuleVersionEntity', 'module_versions')).toBe('module_versions');
  });

  it('of relations end in the referenced column', () => {
    expect(names.joinColumnName('createdBy', 'id')).toBe('created_by_id');
  });
});
