/** The job that analyzes one version. */
export const ANALYZE_MODULE_VERSION = 'analyze-module-version';

/** The job that analyzes every version that waits for it. */
export const REANALYZE_MODULES = 'reanalyze-modules';
