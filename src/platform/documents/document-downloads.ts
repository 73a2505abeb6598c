import { Injectable } from '@nestjs/common';
import type { DocumentDownload } from './prepared-document.js';

/**
 * Where answered download documents are reported. The usage feature, which this folder does not know, says
 * what happens with them.
 */
@Injectable()
export class DocumentDownloads {
  private counter: (download: DocumentDownload) => void = () => undefined;

  /** `counter` is called before the answer leaves; it returns at once and never throws. */
  countWith(counter: (download: DocumentDownload) => void): void {
    this.counter = counter;
  }

  /** One download document is about to be answered to a GET. */
  count(download: DocumentDownload): void {
    this.counter(download);
  }
}
