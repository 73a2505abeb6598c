import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../../support/database.js';
import { addOrganization, identityProcess, newEncryptionKey } from '../auth/support/identity.js';

const ENCRYPTION_KEY = newEncryptionKey();

describe('the default organization', () => {
  let database: TestDatabase;

  beforeEach(async () => {
    database = await createTestDatabase();
  });

  afterEach(() => database.drop());

  const start = (defaultOrganization: string) =>
    identityProcess(database, ENCRYPTION_KEY, { defaultOrganization });

  it('is one, when five processes start at once, also with different names', async () => {
    const names = ['default', 'default', 'default', 'acme', 'acme'];
    const processes = await Promise.all(names.map(start));
    const found = await Promise.all(processes.map(({ organizations }) => organizations.getDefault()));
    expect(new Set(found.map(({ id }) => id)).size).toBe(1);
    const rows: unknown[] = await processes[0]!.dataSource.query('SELECT 1 FROM organizations');
    expect(rows).toHaveLength(1);
  });

  it('has the configured name, and keeps it when the setting changes', async () => {
    const { organizations } = await start('acme');
    expect(await organizations.getDefault()).toMatchObject({
      name: 'acme',
      visibility: null,
      isDefault: true,
    });
    const later = await start('other');
    expect((await later.organizations.getDefault()).name).toBe('acme');
  });

  it('is the organization of that name when there is one', async () => {
    const dataSource = await database.open();
    const id = await addOrganization(dataSource, 'acme');
    const { organizations } = await start('acme');
    expect(await organizations.getDefault()).toMatchObject({ id, name: 'acme' });
  });
});
