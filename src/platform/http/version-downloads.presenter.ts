import type { Page } from '../../kernel/page.js';
import { presentPagination } from './pagination.presenter.js';
import type { VersionDownloadsDto } from './version-downloads.dto.js';

/** One recorded download. */
export interface PresentableDownload {
  readonly principal: string | null;
  readonly client: string | null;
  readonly ipAddress: string | null;
  readonly at: Date;
}

const NOT_RECORDED =
  'Downloads are not recorded now: audit.enabled or audit.log_downloads is off, the list shows earlier ones only';

/** `…/downloads` of REST contract 30.1. */
export function presentDownloads(
  page: Page<PresentableDownload>,
  { isRecording }: { readonly isRecording: boolean },
): VersionDownloadsDto {
  return {
    downloads: page.items.map(({ principal, client, ipAddress, at }) => ({
      principal,
      client,
      ip_address: ipAddress,
      created_at: at.toISOString(),
    })),
    pagination: presentPagination(page),
    ...(!isRecording && { note: NOT_RECORDED }),
  };
}
