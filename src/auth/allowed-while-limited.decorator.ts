import { SetMetadata } from '@nestjs/common';

export const ALLOWED_WHILE_LIMITED = 'allowed-while-limited';

/** The route also serves a session whose account must change its password first; all others refuse it with 403. */
export const AllowedWhileLimited = () => SetMetadata(ALLOWED_WHILE_LIMITED, true);
