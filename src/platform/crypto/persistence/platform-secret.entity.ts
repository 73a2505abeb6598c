import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';

/** A secret that the server made for itself, sealed by `SecretBox` under `platform_secrets/<name>`. */
@Entity('platform_secrets')
export class PlatformSecretEntity {
  @PrimaryColumn({ type: 'text', primaryKeyConstraintName: 'pk_platform_secret' })
  name!: string;

  @Column({ type: 'bytea' })
  ciphertext!: Buffer;

  @CreateDateColumn({ type: 'timestamptz', default: () => 'now()' })
  createdAt!: Date;
}
