import { DomainError } from '../../kernel/errors.js';
import type { LeftOut, LeftOutReason } from './mirror-plan.js';
import { MirrorFailure, type Fault } from './mirror.errors.js';
import type { ProviderName } from './name-filter.js';

const MAX_LINES = 500;

/** What a line of a report is about. */
export interface ReportSubject extends ProviderName {
  readonly version?: string;
  /** `os/arch` */
  readonly platform?: string;
}

/** One failure, in words that are safe to show. */
export interface FailureLine {
  readonly about: string;
  readonly code: string;
  readonly message: string;
  readonly fault: Fault;
  readonly isTransient: boolean;
}

/** Something that was not fetched on purpose. */
export interface LeftOutLine {
  readonly about: string;
  readonly reason: LeftOutReason;
  readonly detail?: string;
}

/** The report as it is stored and shown; lists are cut at 500 lines, counts are not. */
export interface SyncDetails {
  readonly providers: Readonly<Record<string, 'synced' | 'failed'>>;
  readonly packagesStored: number;
  readonly bytesStored: number;
  readonly failureCount: number;
  readonly failures: readonly FailureLine[];
  readonly leftOutCount: Readonly<Partial<Record<LeftOutReason, number>>>;
  readonly leftOut: readonly LeftOutLine[];
  /** What somebody should look at although nothing failed: versions that vanished upstream, lists rolled back. */
  readonly warnings: readonly string[];
  /** The provider that is being gone through, and its versions that are done: where a run goes on after a restart. */
  readonly current?: { readonly provider: string; readonly versions: readonly string[] };
}

/** Collects what one run of a mirror did; a run that goes on after a restart goes on with its report. */
export class SyncReport {
  private readonly providers = new Map<string, 'synced' | 'failed'>();
  private packagesStored = 0;
  private bytesStored = 0;
  private failureCount = 0;
  private readonly failures: FailureLine[] = [];
  private readonly leftOutCount: Partial<Record<LeftOutReason, number>> = {};
  private readonly leftOut: LeftOutLine[] = [];
  private readonly warnings = new Set<string>();
  private current: { readonly provider: string; readonly versions: Set<string> } | undefined;

  /** The report of a run that was interrupted, to go on with. */
  static resume(details: SyncDetails): SyncReport {
    const report = new SyncReport();
    for (const [name, state] of Object.entries(details.providers)) report.providers.set(name, state);
    report.packagesStored = details.packagesStored;
    report.bytesStored = details.bytesStored;
    report.failureCount = details.failureCount;
    report.failures.push(...details.failures);
    Object.assign(report.leftOutCount, details.leftOutCount);
    report.leftOut.push(...details.leftOut);
    for (const warning of details.warnings) report.warnings.add(warning);
    const { current } = details;
    if (current) report.current = { provider: current.provider, versions: new Set(current.versions) };
    return report;
  }

  /** Begins or goes on with a provider; `false` when the run had begun with it before it was interrupted. */
  beginProvider(name: ProviderName): boolean {
    const provider = nameOf(name);
    if (this.current?.provider === provider) return false;
    this.current = { provider, versions: new Set() };
    return true;
  }

  /** Whether the run has gone through all of a provider. */
  hasFinished(name: ProviderName): boolean {
    const provider = nameOf(name);
    return this.providers.has(provider) && this.current?.provider !== provider;
  }

  /** A version of the provider that was begun last is done, well or badly. */
  finishVersion(version: string): void {
    this.current?.versions.add(version);
  }

  /** Whether {@link finishVersion} was called for it. */
  hasFinishedVersion(version: string): boolean {
    return this.current?.versions.has(version) ?? false;
  }

  /** A package was verified and stored. */
  addStored(sizeBytes: number): void {
    this.packagesStored += 1;
    this.bytesStored += sizeBytes;
  }

  /** Something of a provider failed; the run goes on, and is marked as failed at its end. */
  addFailure(subject: ReportSubject, error: unknown): void {
    this.providers.set(nameOf(subject), 'failed');
    this.count(failureLine(subject, error));
  }

  /** The run as a whole failed, e.g. because the upstream does not answer; `host` is the upstream. */
  addRunFailure(host: string, error: unknown): void {
    this.count(lineOf(host, error));
  }

  /** What the plan of a provider leaves out, on purpose. */
  addLeftOut(name: ProviderName, leftOut: readonly LeftOut[]): void {
    for (const { what, reason, detail } of leftOut) {
      this.leftOutCount[reason] = (this.leftOutCount[reason] ?? 0) + 1;
      if (this.leftOut.length >= MAX_LINES) continue;
      const about = what === undefined ? nameOf(name) : `${nameOf(name)} ${what}`;
      this.leftOut.push({ about, reason, ...(detail !== undefined && { detail }) });
    }
  }

  /** Something that somebody should look at. The same sentence counts once; `false` when it is known already. */
  addWarning(sentence: string): boolean {
    if (this.warnings.size >= MAX_LINES || this.warnings.has(sentence)) return false;
    this.warnings.add(sentence);
    return true;
  }

  /** A provider was gone through; it counts as synced unless something of it failed. */
  finishProvider(name: ProviderName): void {
    if (!this.providers.has(nameOf(name))) this.providers.set(nameOf(name), 'synced');
    this.current = undefined;
  }

  /** Whether something of a provider failed. */
  hasFailed(name: ProviderName): boolean {
    return this.providers.get(nameOf(name)) === 'failed';
  }

  get providersSynced(): number {
    return this.countOf('synced');
  }

  get providersFailed(): number {
    return this.countOf('failed');
  }

  /** `failed` when anything failed (REST contract, section 20). */
  get status(): 'success' | 'failed' {
    return this.failureCount === 0 ? 'success' : 'failed';
  }

  /** One sentence for the list of runs; undefined when nothing failed. */
  get errorMessage(): string | undefined {
    const [first] = this.failures;
    if (first === undefined) return undefined;
    const more = this.failureCount > 1 ? ` (and ${this.failureCount - 1} more)` : '';
    return `${first.about}: ${first.message}${more}`;
  }

  /** What is stored: plain JSON. */
  toDetails(): SyncDetails {
    return {
      providers: Object.fromEntries(this.providers),
      packagesStored: this.packagesStored,
      bytesStored: this.bytesStored,
      failureCount: this.failureCount,
      failures: [...this.failures],
      leftOutCount: { ...this.leftOutCount },
      leftOut: [...this.leftOut],
      warnings: [...this.warnings],
      ...(this.current && {
        current: { provider: this.current.provider, versions: [...this.current.versions] },
      }),
    };
  }

  private count(line: FailureLine): void {
    this.failureCount += 1;
    if (this.failures.length < MAX_LINES) this.failures.push(line);
  }

  private countOf(state: 'synced' | 'failed'): number {
    return [...this.providers.values()].filter((one) => one === state).length;
  }
}

/** A failure in words that are safe to show: what is not a named error is told without its text. */
export function failureLine(subject: ReportSubject, error: unknown): FailureLine {
  const about = [nameOf(subject), subject.version, subject.platform]
    .filter((part) => part !== undefined)
    .join(' ');
  return lineOf(about, error);
}

/** The same about anything. */
export function lineOf(about: string, error: unknown): FailureLine {
  if (error instanceof MirrorFailure) {
    const { code, message, fault, isTransient } = error;
    return { about, code, message, fault, isTransient };
  }
  if (error instanceof DomainError) {
    const isTransient = error.kind === 'unavailable' || error.kind === 'bad-gateway';
    return { about, code: error.code, message: error.message, fault: 'here', isTransient };
  }
  const message = 'An error inside this server, the log has it';
  return { about, code: 'internal_error', message, fault: 'here', isTransient: false };
}

function nameOf({ namespace, type }: ProviderName): string {
  return `${namespace}/${type}`;
}
