import { Injectable } from '@nestjs/common';
import { DataSource, In, IsNull } from 'typeorm';
import { BaseRepository } from '../../platform/database/base.repository.js';
import { isUniqueViolation } from '../../platform/database/pg-errors.js';
import { MirrorPolicyNameTaken } from '../domain/mirror-decisions.errors.js';
import type { StoredMirrorPolicy } from '../domain/mirror-policy.js';
import { MirrorPolicyEntity } from './mirror-policy.entity.js';

/** What people decide about a policy; `null` where nothing is set. */
export type MirrorPolicyContent = Omit<
  MirrorPolicyEntity,
  'id' | 'organizationId' | 'createdBy' | 'createdByName' | 'createdAt' | 'updatedAt'
>;

/** What is stored of a new policy. */
export type NewMirrorPolicy = MirrorPolicyContent &
  Pick<MirrorPolicyEntity, 'organizationId' | 'createdBy' | 'createdByName'>;

/** Policies about mirrors. Joins the ambient transaction. */
@Injectable()
export class MirrorPoliciesRepository extends BaseRepository<MirrorPolicyEntity> {
  constructor(dataSource: DataSource) {
    super(MirrorPolicyEntity, dataSource);
  }

  /** The global policies and those of these organizations, in no particular order. */
  async list(organizationIds: 'all' | readonly string[]): Promise<StoredMirrorPolicy[]> {
    const rows = await this.repository.find({
      where:
        organizationIds === 'all'
          ? {}
          : [{ organizationId: IsNull() }, { organizationId: In([...organizationIds]) }],
    });
    return rows.map(policyOf);
  }

  /** The policy with this id. */
  async find(id: string): Promise<StoredMirrorPolicy | null> {
    const row = await this.repository.findOneBy({ id });
    return row && policyOf(row);
  }

  /** The policy, locked until the transaction ends. */
  async lock(id: string): Promise<StoredMirrorPolicy | null> {
    const row = await this.repository.findOne({ where: { id }, lock: { mode: 'pessimistic_write' } });
    return row && policyOf(row);
  }

  /** Stores a policy. Throws {@link MirrorPolicyNameTaken}. */
  async add(content: NewMirrorPolicy): Promise<StoredMirrorPolicy> {
    const entity = this.repository.create(content);
    await refusingTakenNames(() => this.repository.insert(entity));
    return policyOf(await this.repository.findOneByOrFail({ id: entity.id }));
  }

  /** Changes a policy. Throws {@link MirrorPolicyNameTaken}. */
  async update(id: string, change: Partial<MirrorPolicyContent>): Promise<StoredMirrorPolicy> {
    if (Object.keys(change).length > 0) {
      await refusingTakenNames(() => this.repository.update({ id }, change));
    }
    return policyOf(await this.repository.findOneByOrFail({ id }));
  }

  /** Removes a policy. */
  async remove(id: string): Promise<void> {
    await this.repository.delete({ id });
  }
}

async function refusingTakenNames(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw isUniqueViolation(error, 'uq_mirror_policy_name') ? new MirrorPolicyNameTaken() : error;
  }
}

function policyOf(row: MirrorPolicyEntity): StoredMirrorPolicy {
  const { policyType: type, organizationId, upstreamRegistry, namespacePattern, providerPattern } = row;
  return {
    id: row.id,
    name: row.name,
    type,
    ...(organizationId !== null && { organizationId }),
    ...(upstreamRegistry !== null && { upstreamRegistry }),
    ...(namespacePattern !== null && { namespacePattern }),
    ...(providerPattern !== null && { providerPattern }),
    priority: row.priority,
    isActive: row.isActive,
    requiresApproval: row.requiresApproval,
    description: row.description,
    createdBy: row.createdBy,
    createdByName: row.createdByName,
    createdAt: row.createdAt,
    updatedAt: row.updatedAt,
  };
}
