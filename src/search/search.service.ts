import { Injectable } from '@nestjs/common';
import type { Principal } from '../access/principal.js';
import type { SearchPage, SearchRequest } from './search-request.js';

/** Finds modules and providers among those that a caller may read. */
@Injectable()
export class Search {
  /** One page; rows that `principal` may not read are left out before anything is counted. */
  find(_principal: Principal, _request: SearchRequest): Promise<SearchPage> {
    return Promise.resolve({ hits: [], total: 0, isTotalCapped: false });
  }
}
