import { IsString, IsUUID, MaxLength } from 'class-validator';

/** The organization that a namespace goes to. */
export class MoveNamespaceDto {
  @IsUUID('loose')
  organization_id: string;
}

/** A namespace to claim. */
export class ClaimNamespaceDto extends MoveNamespaceDto {
  @IsString()
  @MaxLength(64)
  name: string;
}

/** A namespace and who owns it (REST contract 30.2). */
export class NamespaceDto {
  name: string;
  organization_id: string;
  organization_name: string;
  created_at: string;
}

/** Namespaces by name. */
export class NamespaceListDto {
  namespaces: NamespaceDto[];
}

/** What was done, in a sentence. */
export class NamespaceReleasedDto {
  message: string;
}
