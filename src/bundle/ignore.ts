/** Which files of a folder stay out of its bundle: patterns as in `.gitignore`. */

/** `path` is relative to the folder, with slashes and none at its end. */
export type Ignore = (path: string, isFolder: boolean) => boolean;

export const ignoreFile = '.funcatronignore';

/**
 * What no bundle needs: dotfiles, dependencies (they are built in), tests, and what is given when
 * a bundle is enabled, since that may hold secrets.
 */
export const ignoredAlways: readonly string[] = [
  '.*',
  'node_modules/',
  '__pycache__/',
  '*.py[co]',
  '*.egg-info/',
  'venv/',
  'test/',
  'tests/',
  '__tests__/',
  'coverage/',
  '*.test.*',
  '*.spec.*',
  'test.sh',
  'test_*.py',
  '*_test.py',
  'conftest.py',
  '*.log',
  '*.tsbuildinfo',
  '/*.zip',
  '/*.part',
  '/props*.json',
  '/props*.yaml',
  '/props*.yml',
  '/overlay*.json',
  '/overlay*.yaml',
  '/overlay*.yml',
];

/** Beside these, what a bundler has already taken up. */
export const ignoredWhenBundled: readonly string[] = [
  '*.ts',
  '*.mts',
  '*.cts',
  '*.tsx',
  '*.jsx',
  'tsconfig*.json',
  'package-lock.json',
  'yarn.lock',
  'pnpm-lock.yaml',
  'dist/',
  'build/',
];

interface Rule {
  pattern: RegExp;
  isNegated: boolean;
  foldersOnly: boolean;
}

/** The last pattern that fits decides, as in gitignore(5). */
export function createIgnore(lines: readonly string[]): Ignore {
  const rules = lines.flatMap((line) => parseRule(line) ?? []);
  return (path, isFolder) => {
    const rule = rules.findLast(
      ({ pattern, foldersOnly }) => (isFolder || !foldersOnly) && pattern.test(path),
    );
    return rule !== undefined && !rule.isNegated;
  };
}

function parseRule(line: string): Rule | undefined {
  let text = line.trim();
  if (text === '' || text.startsWith('#')) return undefined;
  const isNegated = text.startsWith('!');
  if (isNegated) text = text.slice(1);
  const foldersOnly = text.endsWith('/');
  if (foldersOnly) text = text.slice(0, -1);
  const isAnchored = text.includes('/');
  const body = translate(text.replace(/^\//, ''));
  return {
    pattern: new RegExp(`^${isAnchored ? '' : '(?:.*/)?'}${body}$`),
    isNegated,
    foldersOnly,
  };
}

const tokens = /\*\*\/|\/\*\*$|\*+|\?|\[[!^]?[^\]]+\]|\\.|[^]/g;

function translate(glob: string): string {
  return glob.replaceAll(tokens, (token) => {
    if (token === '**/') return '(?:.*/)?';
    if (token === '/**') return '/.*';
    if (token.startsWith('*')) return '[^/]*';
    if (token === '?') return '[^/]';
    if (token.length > 2 && token.startsWith('['))
      return token.replace(/^\[[!^]/, '[^').replaceAll('\\', '\\\\');
    return (token.length === 2 ? token[1]! : token).replace(/[$()*+./?[\\\]^{|}-]/, '\\$&');
  });
}
