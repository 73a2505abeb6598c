/** Who may read the namespaces of an organization; `null` follows `auth.anonymous_read`. */
export type Visibility = 'private' | 'public' | null;

/** A group of people with namespaces of its own. */
export interface Organization {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly visibility: Visibility;
  readonly isDefault: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
