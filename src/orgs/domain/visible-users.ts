/** Which users a caller may see (REST contract 12). */
export type VisibleUsers =
  | 'all'
  | {
      /** Their members are seen. */
      readonly organizationIds: readonly string[];
      /** Whether users who belong to no organization are seen. */
      readonly isWithoutMembershipVisible: boolean;
    };
