import type { ArchivePath } from '../platform/markdown/archive-path.js';
import { plainText, renderMarkdown } from '../platform/markdown/render-markdown.js';
import type { AnalysisTask } from './analysis-task.js';
import { analyzeModule } from './domain/analysis/analyze-module.js';
import { type AnalysisOutcome, type AnalyzedModule, failedAnalysis } from './domain/analyzed-module.js';
import type { ModuleAnalysis, ModulePart, ModuleSources } from './domain/module-analysis.js';
import { storable } from './storable.js';

const MAX_PROBLEMS = 200;
const MARKDOWN = /^[^.]+(?:\.md|\.markdown)$/i;
const IMAGE = /\.(?:png|jpe?g|gif|webp)$/i;
const README_OF_FOLDER = ['README.md', 'readme.md', 'Readme.md', 'README', 'README.txt'];

/** Analyzes the sources of a version and renders its documents; runs in the thread of the analysis. */
export function documentModule(task: AnalysisTask): AnalysisOutcome {
  const analysis = analyzeModule(task.sources);
  const addressOf = fileAddresses(task);
  const image = (place: ArchivePath): string | null => (IMAGE.test(place.path) ? addressOf(place) : null);
  const render = (folder: string, name: string, text: string): string => {
    if (text === '') return '';
    const isMarkdown = documentNames(task.sources, folder, name).some((file) => MARKDOWN.test(file));
    return isMarkdown ? renderMarkdown(text, { base: folder, link: addressOf, image }) : plainText(text);
  };
  const module: AnalyzedModule = {
    parts: partsOf(analysis).map((part) => ({ part, readmeHtml: render(part.path, 'readme', part.readme) })),
    problems: [...task.problems, ...analysis.problems].slice(0, MAX_PROBLEMS),
    licence: analysis.licence,
    changelogHtml: render('', 'changelog', analysis.changelog),
    files: task.files,
  };
  const kept = storable(module) as AnalyzedModule;
  if (JSON.stringify(kept).length > task.maxResultLength) {
    return failedAnalysis('The module declares more than the registry can show');
  }
  return { status: 'ready', module: kept };
}

function partsOf({ root, submodules, examples }: ModuleAnalysis): ModulePart[] {
  return [root, ...submodules, ...examples];
}

/** The documents of this name in a folder; only those in Markdown are rendered. */
function documentNames(sources: ModuleSources, folder: string, name: string): string[] {
  const prefix = folder === '' ? '' : `${folder}/`;
  return [...sources.keys()]
    .filter((path) => path.startsWith(prefix))
    .map((path) => path.slice(prefix.length))
    .filter((file) => !file.includes('/') && file.toLowerCase().split('.', 1)[0] === name);
}

/** A file of the archive has an address when it may be shown; a folder has the one of its README. */
function fileAddresses({ files, filesUrl }: AnalysisTask): (place: ArchivePath) => string | null {
  const known = new Set(files.map(({ path }) => path));
  return ({ path }) => {
    const inFolder = README_OF_FOLDER.map((name) => (path === '' ? name : `${path}/${name}`));
    const file = known.has(path) ? path : inFolder.find((candidate) => known.has(candidate));
    return file === undefined ? null : `${filesUrl}?path=${encodeURIComponent(file).replaceAll('%2F', '/')}`;
  };
}
