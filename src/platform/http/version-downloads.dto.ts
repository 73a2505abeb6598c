import { PaginationDto } from './pagination.dto.js';

/** Somebody who fetched a version, as far as it is known. */
export class VersionDownloadDto {
  /** Mail address or name; `null` for anonymous downloads. */
  principal: string | null;
  /** What the client said about itself, e.g. the version of the CLI. */
  client: string | null;
  ip_address: string | null;
  created_at: string;
}

/** Who fetched a version, newest first. */
export class VersionDownloadsDto {
  downloads: VersionDownloadDto[];
  pagination: PaginationDto;
  /** Set when this server does not record who downloads. */
  note?: string;
}
