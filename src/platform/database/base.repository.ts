import type { DataSource, EntityManager, EntityTarget, ObjectLiteral, Repository } from 'typeorm';
import { Transactions } from './transactions.js';

/** What repositories share: they work in the transaction that surrounds the call, or without one. */
export abstract class BaseRepository<E extends ObjectLiteral> {
  protected constructor(
    private readonly entity: EntityTarget<E>,
    protected readonly dataSource: DataSource,
  ) {}

  /** The TypeORM repository of the entity. */
  protected get repository(): Repository<E> {
    return this.manager.getRepository(this.entity);
  }

  /** The entity manager, for SQL that no repository method expresses. */
  protected get manager(): EntityManager {
    return Transactions.managerOf(this.dataSource);
  }
}
