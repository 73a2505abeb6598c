import { Injectable, Logger, type OnModuleInit } from '@nestjs/common';
import { AuthConfig } from '../config/auth.config.js';
import type { Page, PageRequest } from '../kernel/page.js';
import { isUuid } from '../kernel/uuid.js';
import { OrganizationNotFound } from './domain/orgs.errors.js';
import type { Organization } from './domain/organization.js';
import { OrganizationsRepository } from './persistence/organizations.repository.js';

/** Organizations; one of them is the default, which owns everything in single-tenant mode. */
@Injectable()
export class Organizations implements OnModuleInit {
  private readonly logger = new Logger('Organizations');

  constructor(
    private readonly organizations: OrganizationsRepository,
    private readonly config: AuthConfig,
  ) {}

  async onModuleInit(): Promise<void> {
    await this.ensureDefault();
  }

  /**
   * Creates the default organization under its configured name when there is none; safe in several processes
   * at once. A default of another name stays: names of organizations do not change by themselves.
   */
  async ensureDefault(): Promise<Organization> {
    const name = this.config.defaultOrganization;
    if (!(await this.organizations.findDefault())) await this.organizations.addDefaultIfAbsent(name);
    const organization = await this.getDefault();
    if (organization.name !== name) {
      this.logger.warn(
        `The default organization is called "${organization.name}", not "${name}" as configured. ` +
          'Set multi_tenancy.default_organization to the existing name.',
      );
    }
    return organization;
  }

  /** The default organization. */
  async getDefault(): Promise<Organization> {
    const organization = await this.organizations.findDefault();
    if (!organization) throw new OrganizationNotFound();
    return organization;
  }

  /** The organization with this id; `undefined` also for what is not an id. */
  async find(id: string): Promise<Organization | undefined> {
    return isUuid(id) ? ((await this.organizations.findById(id)) ?? undefined) : undefined;
  }

  /** The name of the organization with this id. Throws {@link OrganizationNotFound}. */
  async nameOf(id: string): Promise<string> {
    const organization = await this.organizations.findById(id);
    if (!organization) throw new OrganizationNotFound();
    return organization.name;
  }

  /** The names of those of these organizations that exist, by id. */
  async namesOf(ids: readonly string[]): Promise<Map<string, string>> {
    return ids.length === 0 ? new Map() : this.organizations.namesOf(ids);
  }

  /** How many of these organizations there are. */
  count(ids: 'all' | readonly string[]): Promise<number> {
    return this.organizations.countOf(ids);
  }

  /** The organization called `name`. Throws {@link OrganizationNotFound}. */
  async getByName(name: string): Promise<Organization> {
    const organization = await this.organizations.findByName(name);
    if (!organization) throw new OrganizationNotFound();
    return organization;
  }

  /** The organization with this id. Throws {@link OrganizationNotFound}. */
  async get(id: string): Promise<Organization> {
    const organization = await this.find(id);
    if (organization === undefined) throw new OrganizationNotFound();
    return organization;
  }

  /** The organization whose name is `folded` in the form of namespaces. */
  async findByFoldedName(folded: string): Promise<Organization | undefined> {
    return (await this.organizations.findByFoldedName(folded)) ?? undefined;
  }

  /** These organizations by name, one page of them; `text` narrows them to those with it in one of their names. */
  list(ids: 'all' | readonly string[], page: PageRequest, text?: string): Promise<Page<Organization>> {
    return this.organizations.list(ids, page, text);
  }

  /** Whether an organization other than `organizationId` has this name, in the folded form of namespaces. */
  isNameOfAnother(folded: string, organizationId: string): Promise<boolean> {
    return this.organizations.isNameOfAnother(folded, organizationId);
  }
}
