import type { SealedColumn } from '../../platform/crypto/sealed-columns.service.js';
import type { SecretBox } from '../../platform/crypto/secret-box.js';

/** The tokens of upstream registries, each sealed for its mirror (threat J1). */
export const UPSTREAM_TOKENS: SealedColumn = {
  table: 'mirrors',
  id: 'id',
  column: 'upstream_token',
  aadOf: (id) => `mirrors/upstream_token/${id}`,
};

/** A token as it is stored with the mirror `id`; null without one. */
export function sealToken(id: string, token: string | null, box: SecretBox): Buffer | null {
  return token === null ? null : box.seal(Buffer.from(token), UPSTREAM_TOKENS.aadOf(id));
}
