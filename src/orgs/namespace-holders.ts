import { Injectable } from '@nestjs/common';
import type { Visibility } from './domain/organization.js';

/** What a feature does with the objects of organizations and namespaces, so that orgs/ need not know the feature. */
export interface NamespaceHolder {
  /** Whether the organization owns anything of this kind that is not deleted. */
  ownsAnything(organizationId: string): Promise<boolean>;
  /** Whether anything of this kind, deleted or not, stands in the namespace (folded). */
  isUsed?(folded: string): Promise<boolean>;
  /** Gives what stands in the namespace (folded), deleted or not, to another organization. */
  move?(folded: string, toOrganizationId: string): Promise<void>;
  /** Shows or hides the prepared documents of namespaces, which are given in the spelling of their claims. */
  changeVisibility?(namespaces: readonly string[], visibility: Visibility): Promise<void>;
}

/**
 * Every kind of object that belongs to organizations. The changing methods run inside the transaction of the caller.
 */
@Injectable()
export class NamespaceHolders {
  private readonly holders: NamespaceHolder[] = [];

  /** Makes a kind of object known. */
  register(holder: NamespaceHolder): void {
    this.holders.push(holder);
  }

  /** Whether the organization owns anything that is not deleted. */
  async ownAnything(organizationId: string): Promise<boolean> {
    for (const holder of this.holders) if (await holder.ownsAnything(organizationId)) return true;
    return false;
  }

  /** Whether anything, deleted or not, stands in the namespace (folded). */
  async isUsed(folded: string): Promise<boolean> {
    for (const holder of this.holders) if (await holder.isUsed?.(folded)) return true;
    return false;
  }

  /** Gives everything in the namespace (folded) to another organization. */
  async move(folded: string, toOrganizationId: string): Promise<void> {
    for (const holder of this.holders) await holder.move?.(folded, toOrganizationId);
  }

  /** Shows or hides what is prepared for readers of these namespaces, given in the spelling of their claims. */
  async changeVisibility(namespaces: readonly string[], visibility: Visibility): Promise<void> {
    for (const holder of this.holders) await holder.changeVisibility?.(namespaces, visibility);
  }
}
