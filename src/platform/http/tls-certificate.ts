import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { Server } from 'node:https';
import { Logger } from '@nestjs/common';
import type { TlsConfig } from '../../config/tls.config.js';

const CHECK_EVERY_MS = 2_000;

/** Options of a TLS server. */
export interface TlsFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
}

/** Reads certificate and key. Throws when one is missing. */
export function readCertificate({ certFile, keyFile, minVersion }: TlsConfig): TlsFiles {
  if (certFile === undefined || keyFile === undefined) {
    throw new Error('security.tls.enabled needs security.tls.cert_file and security.tls.key_file');
  }
  return {
    cert: readFileSync(certFile),
    key: readFileSync(keyFile),
    minVersion: minVersion === '1.3' ? 'TLSv1.3' : 'TLSv1.2',
  };
}

/** Uses a new certificate for new connections when the files change; a pair that does not fit is left alone. */
export function followCertificate(server: Server, tls: TlsConfig): void {
  const logger = new Logger('Tls');
  const files = [tls.certFile, tls.keyFile].filter((file) => file !== undefined);
  const reload = (): void => {
    try {
      server.setSecureContext(readCertificate(tls));
      logger.log('The TLS certificate was reloaded');
    } catch (error) {
      logger.warn({ message: 'The changed TLS files cannot be used; the old certificate stays', err: error });
    }
  };
  for (const file of files) watchFile(file, { interval: CHECK_EVERY_MS, persistent: false }, reload);
  server.on('close', () => files.forEach((file) => unwatchFile(file, reload)));
}
