import type { SealedColumn } from '../platform/crypto/sealed-columns.service.js';

/** Where the refresh tokens of identity providers are sealed. */
export const SESSION_REFRESH_TOKENS: SealedColumn = {
  table: 'sessions',
  id: 'id',
  column: 'refresh_token',
  aadOf: (id) => `sessions/refresh_token/${id}`,
};
