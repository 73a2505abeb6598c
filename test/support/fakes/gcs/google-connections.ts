import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { ObjectStoreConnections } from '../../../../src/storage/object-store-connections.js';

/** Connections that lead every host, also those of Google, to a server on loopback, and note which were wanted. */
export class GoogleConnections implements ObjectStoreConnections {
  /** Host of each connection that was made. */
  readonly wanted: string[] = [];
  readonly http: HttpAgent;
  readonly https: HttpsAgent;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    const open = ({ host }: { host?: string | null }): Socket => {
      this.wanted.push(host ?? '');
      return connect(Number(port), hostname);
    };
    this.http = Object.assign(new HttpAgent({ keepAlive: true }), { createConnection: open });
    // Without TLS: what is tested is who is asked, not the library that encrypts.
    this.https = Object.assign(new HttpsAgent({ keepAlive: true }), { createConnection: open });
  }

  close(): void {
    this.http.destroy();
    this.https.destroy();
  }
}
