/** A session of the signed-in user. */
export class SessionDto {
  id: string;
  created_at: string;
  last_used_at: string;
  ip_address: string;
  user_agent: string;
  /** Whether this request belongs to it. */
  current: boolean;
}
