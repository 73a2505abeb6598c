import { Injectable } from '@nestjs/common';
import type { DownloadCaller } from './download-caller.js';
import type { DocumentDownload } from './prepared-document.js';

/** Takes note of a download of the document at `path`. */
export type DownloadCounter = (download: DocumentDownload, path: string, caller: DownloadCaller) => void;

/**
 * Where answered download documents are reported. The usage feature, which this folder does not know, says
 * what happens with them.
 */
@Injectable()
export class DocumentDownloads {
  private counter: DownloadCounter = () => undefined;

  /** `counter` is called before the answer leaves; it returns at once and never throws. */
  countWith(counter: DownloadCounter): void {
    this.counter = counter;
  }

  /** One download document is about to be answered to a GET. */
  count(download: DocumentDownload, path: string, caller: DownloadCaller): void {
    this.counter(download, path, caller);
  }
}
