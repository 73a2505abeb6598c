import { Injectable } from '@nestjs/common';
import { sha256Hex } from '../kernel/sha256.js';
import type { ProviderAddress } from '../kernel/terraform/provider-address.js';
import type { Version } from '../kernel/terraform/version.js';
import { ArtifactKey } from '../storage/artifact-key.js';
import { ArtifactStore, type StagedArtifact } from '../storage/artifact-store.service.js';
import type { IncomingPackage, ReleasePlan } from './domain/provider-release.js';
import type {
  ProviderPackageInsert,
  ProviderVersionContent,
} from './persistence/provider-versions.repository.js';
import { type InspectedDocumentation, ProviderDocumentation } from './provider-documentation.service.js';
import { RegistrySigning } from './registry-signing.service.js';

/** What is ready to be recorded: artifacts in the store, and the columns that refer to them. */
export interface StagedRelease {
  readonly artifacts: readonly StagedArtifact[];
  readonly content: Omit<ProviderVersionContent, 'protocols' | 'publisherKeyArmor'>;
  /** The version gets its documentation with this call. */
  readonly isNewlyDocumented: boolean;
  readonly packages: readonly Omit<ProviderPackageInsert, 'versionId'>[];
}

type DocumentationColumns = Pick<ProviderVersionContent, 'docsArtifactId' | 'docsDigest'>;

/** A checksum document with the signature that clients will verify. */
interface SignedSums {
  readonly signedBy: 'publisher' | 'registry';
  readonly text: string;
  readonly signature: Buffer;
  readonly keyFingerprint: string;
  readonly keyArmor: string;
}

/** Puts the bytes of a release into the store before the transaction that makes them visible. */
@Injectable()
export class ProviderReleaseStaging {
  constructor(
    private readonly artifacts: ArtifactStore,
    private readonly registrySigning: RegistrySigning,
    private readonly documentation: ProviderDocumentation,
  ) {}

  /** Stages packages, checksum document and signature as `plan` demands. Outside any transaction. */
  async stage(
    address: ProviderAddress,
    version: Version,
    plan: ReleasePlan,
    uploads: readonly (IncomingPackage & { readonly path: string })[],
    docs?: InspectedDocumentation,
  ): Promise<StagedRelease> {
    const artifacts: StagedArtifact[] = [];
    const packages: Omit<ProviderPackageInsert, 'versionId'>[] = [];
    for (const { path, ...upload } of uploads) {
      const key = ArtifactKey.providerPackage(upload.digest, upload.filename);
      const staged = await this.artifacts.stage(key, { path, size: upload.sizeBytes });
      artifacts.push(staged);
      packages.push({ ...upload, artifactId: staged.id });
    }
    const sums = await this.stageSums(address, version, await this.signed(plan));
    const documented = await this.stageDocs(address, version, plan, docs);
    return {
      artifacts: [...artifacts, ...sums.staged, ...documented.staged],
      content: { ...sums.content, ...documented.content },
      packages,
      isNewlyDocumented: documented.staged.length > 0,
    };
  }

  /** Has documentation pages made of an archive that came with this call. Inside the caller's transaction. */
  async document(release: StagedRelease, versionId: string): Promise<void> {
    if (release.isNewlyDocumented) await this.documentation.begin(versionId);
  }

  /** Commits everything that was staged. Inside the caller's transaction. */
  async commit(release: StagedRelease): Promise<void> {
    for (const artifact of release.artifacts) await this.artifacts.commit(artifact);
  }

  /** What the version has already is kept; the plan has refused anything else. */
  private async stageDocs(
    address: ProviderAddress,
    version: Version,
    plan: ReleasePlan,
    docs: InspectedDocumentation | undefined,
  ): Promise<{ content: DocumentationColumns; staged: StagedArtifact[] }> {
    if (docs === undefined || plan.docs !== null) {
      const { artifactId = null, digest = null } = plan.docs ?? {};
      return { content: { docsArtifactId: artifactId, docsDigest: digest }, staged: [] };
    }
    const staged = await this.documentation.stage(address.type, version.text, docs);
    return { content: { docsArtifactId: staged.id, docsDigest: docs.digest }, staged: [staged] };
  }

  private async stageSums(
    address: ProviderAddress,
    version: Version,
    signed: SignedSums,
  ): Promise<{
    content: Omit<StagedRelease['content'], keyof DocumentationColumns>;
    staged: StagedArtifact[];
  }> {
    const text = Buffer.from(signed.text);
    const sums = await this.artifacts.stage(
      ArtifactKey.shasums(sha256Hex(text), address.type, version.text),
      text,
    );
    const signature = await this.artifacts.stage(
      ArtifactKey.shasumsSignature(sha256Hex(signed.signature), address.type, version.text),
      signed.signature,
    );
    return {
      staged: [sums, signature],
      content: {
        signedBy: signed.signedBy,
        signingKeyFingerprint: signed.keyFingerprint,
        signingKeyArmor: signed.keyArmor,
        shasums: signed.text,
        signature: signed.signature,
        shasumsArtifactId: sums.id,
        signatureArtifactId: signature.id,
      },
    };
  }

  private async signed({ signing }: ReleasePlan): Promise<SignedSums> {
    if (signing.kind === 'publisher') return { signedBy: 'publisher', ...signing.sums };
    const made = await this.registrySigning.sign(Buffer.from(signing.shasums));
    return { signedBy: 'registry', text: signing.shasums, ...made };
  }
}
