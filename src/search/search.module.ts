import { Module } from '@nestjs/common';
import { OrgsModule } from '../orgs/orgs.module.js';
import { Search } from './search.service.js';

/** Searches over modules and providers: one row each in `search_documents`, filtered by what the caller may read. */
@Module({
  imports: [OrgsModule],
  providers: [Search],
  exports: [Search],
})
export class SearchModule {
  static readonly entities: Function[] = [];
}
