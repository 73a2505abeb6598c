import type { Agent as HttpAgent } from 'node:http';
import type { Agent as HttpsAgent } from 'node:https';

/** The connections that the SDKs of storage backends use; each is checked by the egress guard (threat I8). */
export interface ObjectStoreConnections {
  readonly http: HttpAgent;
  readonly https: HttpsAgent;
}
