import type { TrustedPublisher } from '../domain/trusted-publisher.js';
import type { TrustedPublisherDto } from './trusted-publishers.dto.js';

/** A publisher as REST contract 30.5 shows it. */
export function presentPublisher(publisher: TrustedPublisher): TrustedPublisherDto {
  return {
    id: publisher.id,
    organization_id: publisher.organizationId,
    issuer: publisher.issuer,
    subject_kind: publisher.subjectKind,
    claims: { ...publisher.claims },
    namespaces: [...publisher.namespaces],
    scopes: [...publisher.scopes],
    created_at: publisher.createdAt.toISOString(),
  };
}
