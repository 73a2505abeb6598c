/** A mirrored provider by its address at the upstream; all in lower case. */
export interface MirroredKey {
  readonly host: string;
  readonly namespace: string;
  readonly type: string;
}

/** Which mirrored providers a decision may concern; absent fields concern all. */
export interface DecisionScope {
  /** Of mirrors of this organization. */
  readonly organizationId?: string;
  readonly mirrorId?: string;
  readonly namespace?: string;
  readonly type?: string;
}
