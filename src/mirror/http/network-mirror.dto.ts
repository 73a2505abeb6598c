import { ApiProperty } from '@nestjs/swagger';

/** The versions of a provider. */
export class MirrorIndexDto {
  /** An empty object for each version. */
  @ApiProperty({ type: 'object', additionalProperties: { type: 'object' } })
  versions: Record<string, object>;
}

/** The package of one platform. */
export class MirrorArchiveDto {
  /** A signed URL of the package. */
  url: string;
  /** `h1:` of the unpacked package, and `zh:` of the file. */
  hashes: string[];
}

/** The packages of a version by platform, e.g. `linux_amd64`. */
export class MirrorVersionDto {
  @ApiProperty({
    type: 'object',
    additionalProperties: {
      type: 'object',
      required: ['url', 'hashes'],
      properties: { url: { type: 'string' }, hashes: { type: 'array', items: { type: 'string' } } },
    },
  })
  archives: Record<string, MirrorArchiveDto>;
}
