import { describe, expect, it } from 'vitest';
import { InvalidInput } from '../../kernel/invalid-input.js';
import { MirrorInterrupted, PackageDigestMismatch, UpstreamBusy } from './mirror.errors.js';
import { failureLine, type SyncDetails, SyncReport } from './sync-report.js';

const name = { namespace: 'acme', type: 'widget' };
const other = { namespace: 'acme', type: 'gadget' };
const mismatch = new PackageDigestMismatch('x.zip', 'a', 'b');

function someReport(): SyncReport {
  const report = new SyncReport();
  report.addStored(1000);
  report.addLeftOut(name, [
    { what: '1.0.0', reason: 'version-filter' },
    { reason: 'denied', detail: 'no' },
  ]);
  report.addFailure({ ...name, version: '1.2.0', platform: 'linux/amd64' }, mismatch);
  report.addFailure(name, new UpstreamBusy('r.test', 'it', 503));
  report.finishProvider(name);
  report.finishProvider(other);
  report.addWarning('acme/widget lost 1.1.0 upstream; it stays here');
  report.addWarning('acme/widget lost 1.1.0 upstream; it stays here');
  return report;
}

describe('the report of a run', () => {
  it('is a success only when nothing failed', () => {
    const report = new SyncReport();
    report.finishProvider(name);
    expect(report).toMatchObject({ status: 'success', providersSynced: 1, providersFailed: 0 });
    expect(report.errorMessage).toBeUndefined();
    expect(someReport()).toMatchObject({ status: 'failed', providersSynced: 1, providersFailed: 1 });
  });

  it('says first what failed first, and how much more', () => {
    expect(someReport().errorMessage).toBe(
      'acme/widget 1.2.0 linux/amd64: x.zip has the digest b, but the signed checksums say a (and 1 more)',
    );
  });

  it('goes on after a restart as if nothing had been', () => {
    const stored: unknown = JSON.parse(JSON.stringify(someReport().toDetails()));
    const resumed = SyncReport.resume(stored as ReturnType<SyncReport['toDetails']>);
    expect(resumed.toDetails()).toEqual(someReport().toDetails());
    expect(resumed.toDetails()).toMatchObject({
      packagesStored: 1,
      bytesStored: 1000,
      failureCount: 2,
      leftOutCount: { 'version-filter': 1, denied: 1 },
      warnings: ['acme/widget lost 1.1.0 upstream; it stays here'],
    });
    resumed.finishProvider(name);
    expect(resumed.providersFailed).toBe(1);
  });

  it('keeps 500 lines and counts all', () => {
    const report = new SyncReport();
    for (let at = 0; at < 501; at += 1) {
      report.addFailure(name, mismatch);
      report.addLeftOut(name, [{ what: `1.0.${at}`, reason: 'present' }]);
    }
    const { failures, failureCount, leftOut, leftOutCount } = report.toDetails();
    expect([failures.length, failureCount, leftOut.length, leftOutCount.present]).toEqual([
      500, 501, 500, 501,
    ]);
  });
});

describe('a run that was interrupted in the middle of a provider', () => {
  const reopened = (report: SyncReport): SyncReport =>
    SyncReport.resume(JSON.parse(JSON.stringify(report.toDetails())) as SyncDetails);

  it('goes on with the versions that are not done', () => {
    const report = new SyncReport();
    expect(report.beginProvider(name)).toBe(true);
    report.finishVersion('1.0.0');
    const resumed = reopened(report);
    expect(resumed.hasFinished(name)).toBe(false);
    expect(resumed.beginProvider(name)).toBe(false);
    expect(resumed.hasFinishedVersion('1.0.0')).toBe(true);
    expect(resumed.hasFinishedVersion('1.1.0')).toBe(false);
  });

  it('knows which providers are finished, also those in which something failed', () => {
    const report = new SyncReport();
    report.beginProvider(name);
    report.addFailure(name, mismatch);
    report.finishProvider(name);
    report.beginProvider(other);
    report.addFailure(other, mismatch);
    const resumed = reopened(report);
    expect([resumed.hasFinished(name), resumed.hasFinished(other)]).toEqual([true, false]);
    expect(resumed.beginProvider(name)).toBe(true);
    expect(resumed.hasFinishedVersion('1.0.0')).toBe(false);
  });

  it('says nothing about it once it is over', () => {
    const report = new SyncReport();
    report.beginProvider(name);
    report.finishProvider(name);
    expect(report.toDetails()).not.toHaveProperty('current');
  });

  it('tells a warning once', () => {
    const report = new SyncReport();
    expect([report.addWarning('one'), report.addWarning('one'), report.addWarning('two')]).toEqual([
      ...[true, false, true],
    ]);
    expect(reopened(report).addWarning('two')).toBe(false);
  });

  it('fails as a whole when the upstream does', () => {
    const report = new SyncReport();
    report.addRunFailure('registry.example.com', mismatch);
    expect(report).toMatchObject({ status: 'failed', providersFailed: 0 });
    expect(report.errorMessage).toBe(`registry.example.com: ${mismatch.message}`);
  });
});

describe('a line about a failure', () => {
  it('names code, fault and whether it may pass', () => {
    expect(failureLine(name, mismatch)).toEqual({
      about: 'acme/widget',
      code: 'package_digest_mismatch',
      message: mismatch.message,
      fault: 'upstream',
      isTransient: false,
    });
    expect(failureLine(name, new MirrorInterrupted())).toMatchObject({ fault: 'here', isTransient: true });
    expect(failureLine(name, new InvalidInput('Send less'))).toMatchObject({
      code: 'invalid_input',
      fault: 'here',
    });
  });

  it('never shows the text of an error without a name', () => {
    const line = failureLine(name, new Error('connect to postgres://user:secret@db failed'));
    expect(line).toMatchObject({ code: 'internal_error', isTransient: false });
    expect(JSON.stringify(line)).not.toContain('secret');
  });
});
