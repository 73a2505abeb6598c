import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { ObjectStoreConnections } from '../../src/storage/object-store-connections.js';

/** Connections without an egress guard, for stores on loopback. */
export function plainConnections(): ObjectStoreConnections {
  return { http: new HttpAgent({ keepAlive: true }), https: new HttpsAgent({ keepAlive: true }) };
}
