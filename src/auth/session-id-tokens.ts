import type { SealedColumn } from '../platform/crypto/sealed-columns.service.js';

/** Where the identity tokens of sessions are sealed. */
export const SESSION_ID_TOKENS: SealedColumn = {
  table: 'sessions',
  id: 'id',
  column: 'id_token',
  aadOf: (id) => `sessions/id_token/${id}`,
};
