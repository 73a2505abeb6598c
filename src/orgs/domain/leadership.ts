/** How many active people lead an organization. */
export interface Leadership {
  readonly organizationId: string;
  readonly organizationName: string;
  readonly isDefault: boolean;
  /** Those whose template holds `admin`, owners among them. */
  readonly administrators: number;
  readonly owners: number;
}
