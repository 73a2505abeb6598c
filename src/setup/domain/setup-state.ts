/** How far the first-run setup is. */
export interface SetupState {
  /** SHA-256 of the token; `null` when there is none, and for good when setup is completed. */
  readonly tokenDigest: Buffer | null;
  readonly tokenCreatedAt: Date | null;
  readonly storageConfiguredAt: Date | null;
  readonly completedAt: Date | null;
}

/** What `GET /api/v1/setup/status` tells everybody (REST contract 11). */
export interface SetupStatus {
  readonly isCompleted: boolean;
  readonly hasStorage: boolean;
  readonly hasSignIn: boolean;
  readonly hasAdministrator: boolean;
  readonly storageConfiguredAt: Date | null;
}
