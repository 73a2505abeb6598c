import type { NewExchangedKey } from '../../../src/auth/api-keys.service.js';

type Query = <Row>(statement: string, parameters?: unknown[]) => Promise<Row[]>;

/** Stores a trusted publisher; what a token for its pipeline is issued from. */
export async function pipelineToken(
  query: Query,
  organizationId: string,
  name = 'pipeline',
): Promise<NewExchangedKey> {
  const [publisher] = await query<{ id: string }>(
    `INSERT INTO trusted_publishers (organization_id, issuer, subject_kind, claims, scopes)
     VALUES ($1, 'https://ci.test', 'generic', '{"repository": "a/b"}', '{modules:write}') RETURNING id`,
    [organizationId],
  );
  return {
    organizationId,
    publisherId: publisher!.id,
    name,
    scopes: ['modules:write'],
    namespaces: ['Acme_Tools'],
    publishedFrom: { issuer: 'https://ci.test', repository: 'a/b', ref: null, commit: null, run_url: null },
    expiresAt: new Date(Date.now() + 900_000),
  };
}
