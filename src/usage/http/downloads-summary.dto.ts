/** Downloads of the last 7, 30 and 365 days, today included, and of all time. */
export class DownloadsSummaryAttributesDto {
  week: number;
  month: number;
  year: number;
  total: number;
}

export class DownloadsSummaryDataDto {
  /** `module-downloads-summary` or `provider-downloads-summary`. */
  type: string;
  /** The address. */
  id: string;
  attributes: DownloadsSummaryAttributesDto;
}

/** How often something was downloaded, in the form of the public registry. */
export class DownloadsSummaryDto {
  data: DownloadsSummaryDataDto;
}
