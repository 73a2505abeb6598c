import { Column, Entity, PrimaryColumn } from 'typeorm';

/** Table `trusted_publisher_namespaces`: where a trusted publisher may publish. */
@Entity('trusted_publisher_namespaces')
export class TrustedPublisherNamespaceEntity {
  @PrimaryColumn('uuid', { primaryKeyConstraintName: 'pk_trusted_publisher_namespace' })
  publisherId!: string;

  @PrimaryColumn('text', { primaryKeyConstraintName: 'pk_trusted_publisher_namespace' })
  foldedName!: string;

  /** In the spelling in which it was given. */
  @Column('text')
  name!: string;
}
