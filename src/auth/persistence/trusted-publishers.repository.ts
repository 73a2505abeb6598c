import { Injectable } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { foldNamespace } from '../../kernel/terraform/namespace-name.js';
import { BaseRepository } from '../../platform/database/base.repository.js';
import type { FixedClaims } from '../domain/publisher-claims.js';
import type { NewTrustedPublisher, TrustedPublisher } from '../domain/trusted-publisher.js';
import { TrustedPublisherNamespaceEntity } from './trusted-publisher-namespace.entity.js';
import { TrustedPublisherEntity } from './trusted-publisher.entity.js';

type PublisherRow = Omit<TrustedPublisher, 'namespaces'> & { readonly namespaces: string[] | null };

const SELECT = `
  SELECT p.id, p.organization_id AS "organizationId", p.issuer, p.subject_kind AS "subjectKind", p.claims, p.scopes,
    p.created_at AS "createdAt",
    (SELECT array_agg(n.name ORDER BY n.folded_name) FROM trusted_publisher_namespaces n
      WHERE n.publisher_id = p.id) AS namespaces
  FROM trusted_publishers p`;

/** Trusted publishers with their namespaces. Joins the ambient transaction. */
@Injectable()
export class TrustedPublishersRepository extends BaseRepository<TrustedPublisherEntity> {
  constructor(dataSource: DataSource) {
    super(TrustedPublisherEntity, dataSource);
  }

  /** Those of an organization, oldest first. */
  listOf(organizationId: string): Promise<TrustedPublisher[]> {
    return this.select('WHERE p.organization_id = $1 ORDER BY p.created_at, p.id', [organizationId]);
  }

  /** Whether anybody trusts exactly this issuer. */
  async hasIssuer(issuer: string): Promise<boolean> {
    const rows: unknown[] = await this.manager.query(
      'SELECT 1 FROM trusted_publishers WHERE issuer = $1 LIMIT 1',
      [issuer],
    );
    return rows.length > 0;
  }

  /**
   * Those who trust exactly this issuer and whose claims can be those of a token, in all organizations, oldest first.
   * Claims that may have a wildcard (`refClaims`) are left for the caller to compare.
   */
  listMatching(
    issuer: string,
    claims: FixedClaims,
    refClaims: readonly string[],
  ): Promise<TrustedPublisher[]> {
    return this.select(
      'WHERE p.issuer = $1 AND $2::jsonb @> (p.claims - $3::text[]) ORDER BY p.created_at, p.id',
      [issuer, JSON.stringify(claims), refClaims],
    );
  }

  /** One publisher as it is now, which nobody can change or delete until the transaction ends. */
  async hold(id: string): Promise<TrustedPublisher | undefined> {
    await this.manager.query('SELECT FROM trusted_publishers WHERE id = $1 FOR SHARE', [id]);
    return (await this.select('WHERE p.id = $1', [id]))[0];
  }

  /** Stores a publisher. */
  async add({ namespaces, ...publisher }: NewTrustedPublisher): Promise<TrustedPublisher> {
    const { identifiers } = await this.repository.insert({ ...publisher, scopes: [...publisher.scopes] });
    const id = identifiers[0]!['id'] as string;
    await this.manager
      .getRepository(TrustedPublisherNamespaceEntity)
      .insert(namespaces.map((name) => ({ publisherId: id, foldedName: foldNamespace(name), name })));
    return (await this.select('WHERE p.id = $1', [id]))[0]!;
  }

  /** Deletes a publisher of an organization with all its tokens; gives what it was. */
  async remove(organizationId: string, id: string): Promise<TrustedPublisher | undefined> {
    await this.manager.query(
      'SELECT FROM trusted_publishers WHERE id = $1 AND organization_id = $2 FOR UPDATE',
      [id, organizationId],
    );
    const [publisher] = await this.select('WHERE p.id = $1 AND p.organization_id = $2', [id, organizationId]);
    if (publisher !== undefined) await this.repository.delete({ id, organizationId });
    return publisher;
  }

  /**
   * Takes a namespace away from every publisher of other organizations than `keptBy`, and from the tokens they
   * hold; waits for exchanges that are under way. Gives the publishers as they were.
   */
  async unbind(foldedNamespace: string, keptBy: string): Promise<TrustedPublisher[]> {
    const bound = `p.organization_id <> $2 AND EXISTS (
      SELECT FROM trusted_publisher_namespaces n WHERE n.publisher_id = p.id AND n.folded_name = $1)`;
    const values = [foldedNamespace, keptBy];
    await this.manager.query(
      `SELECT FROM trusted_publishers p WHERE ${bound} ORDER BY p.id FOR UPDATE`,
      values,
    );
    const publishers = await this.select(`WHERE ${bound} ORDER BY p.id`, values);
    const ids = publishers.map(({ id }) => id);
    await this.manager.query(
      `DELETE FROM trusted_publisher_namespaces WHERE publisher_id = ANY ($1) AND folded_name = $2`,
      [ids, foldedNamespace],
    );
    await this.manager.query(
      `UPDATE api_keys SET namespaces = array_remove(namespaces, $2) WHERE trusted_publisher_id = ANY ($1)`,
      [ids, foldedNamespace],
    );
    await this.manager.query(
      `DELETE FROM trusted_publishers p WHERE p.id = ANY ($1)
         AND NOT EXISTS (SELECT FROM trusted_publisher_namespaces n WHERE n.publisher_id = p.id)`,
      [ids],
    );
    return publishers;
  }

  private async select(where: string, values: unknown[]): Promise<TrustedPublisher[]> {
    const rows: PublisherRow[] = await this.manager.query(`${SELECT} ${where}`, values);
    return rows.map((row) => ({ ...row, namespaces: row.namespaces ?? [] }));
  }
}
