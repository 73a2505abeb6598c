import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `used_token_ids`: identity and logout tokens that were used and could still be presented again. */
@Entity('used_token_ids')
export class UsedTokenIdEntity {
  @PrimaryColumn('bytea', { primaryKeyConstraintName: 'pk_used_token_id' })
  digest!: Buffer;

  @Column('timestamptz')
  expiresAt!: Date;
}
