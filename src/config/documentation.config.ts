import { Setting } from './setting.decorator.js';

const KIB = 1024;
const MIB = 1024 * KIB;
const MINUTE = 60_000;

/** What reading and rendering the documentation of a module may cost. */
export class DocumentationConfig {
  @Setting({
    key: 'documentation.at_publish',
    type: 'bool',
    description:
      'Analyze every module version when it is published; otherwise only when somebody asks for it (`modules reanalyze`).',
  })
  readonly atPublish: boolean = true;

  @Setting({
    key: 'documentation.timeout',
    type: 'duration',
    min: 50,
    max: 5 * MINUTE,
    description: 'Longest time to analyze one version; one that takes longer has no documentation.',
  })
  readonly timeoutMs: number = 5_000;

  @Setting({
    key: 'documentation.max_heap',
    type: 'size',
    min: 32 * MIB,
    max: 8192 * MIB,
    description: 'Memory of the analysis; a version that needs more has no documentation.',
  })
  readonly maxHeapBytes: number = 256 * MIB;

  @Setting({
    key: 'documentation.max_source_size',
    type: 'size',
    min: KIB,
    max: 16 * MIB,
    description:
      'Configuration files and documents of a version that are read, together; further ones are left out.',
  })
  readonly maxSourceBytes: number = 16 * MIB;

  @Setting({
    key: 'documentation.max_file_size',
    type: 'size',
    min: KIB,
    max: MIB,
    description: 'Largest file that is read for the documentation, and largest one that READMEs may show.',
  })
  readonly maxFileBytes: number = MIB;

  @Setting({
    key: 'documentation.max_result_size',
    type: 'size',
    min: KIB,
    max: 64 * MIB,
    description: 'Largest documentation of a version; one with more is not kept.',
  })
  readonly maxResultBytes: number = 8 * MIB;

  @Setting({
    key: 'documentation.worker_idle',
    type: 'duration',
    min: 0,
    max: 60 * MINUTE,
    description: 'How long the thread of the analysis waits for the next version before it ends.',
  })
  readonly workerIdleMs: number = 30_000;

  @Setting({
    key: 'documentation.max_concurrent_files',
    type: 'int',
    min: 1,
    max: 100,
    description:
      'Archives that are read at a time for files which READMEs show; as many again may wait eight times.',
  })
  readonly maxConcurrentFiles: number = 2;

  @Setting({
    key: 'documentation.reanalysis_pause',
    type: 'duration',
    min: 0,
    max: 10 * MINUTE,
    description: 'Pause after each version while stored versions are analyzed again.',
  })
  readonly reanalysisPauseMs: number = 100;

  @Setting({
    key: 'documentation.provider.max_archive_size',
    type: 'size',
    min: KIB,
    max: 1024 * MIB,
    description: 'Largest documentation archive of a provider version.',
  })
  readonly providerMaxArchiveBytes: number = 50 * MIB;

  @Setting({
    key: 'documentation.provider.max_pages',
    type: 'int',
    min: 1,
    max: 100_000,
    description: 'Most documentation pages of a provider version; further ones are left out.',
  })
  readonly providerMaxPages: number = 10_000;

  @Setting({
    key: 'documentation.provider.max_page_size',
    type: 'size',
    min: KIB,
    max: MIB,
    description: 'Largest documentation page of a provider; a larger one is left out.',
  })
  readonly providerMaxPageBytes: number = 256 * KIB;
}
