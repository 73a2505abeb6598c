import type { Readable } from '../orgs/domain/readable.js';
import type { SearchKind } from './search-request.js';

/** What of each wanted kind the caller may be shown. */
export type SearchAccess = readonly { readonly kind: SearchKind; readonly readable: Readable }[];
