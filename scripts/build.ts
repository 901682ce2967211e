/** Compiles src into a folder that runs without the sources; `dist` unless another is named. */
import { execFileSync } from 'node:child_process';
import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');
const outDir = path.resolve(root, process.argv[2] ?? 'dist');

rmSync(outDir, { recursive: true, force: true });
execFileSync(path.join(root, 'node_modules/.bin/tsc'), ['-p', 'tsconfig.build.json', '--outDir', outDir], {
  cwd: root,
  stdio: 'inherit',
});
cpSync(path.join(root, 'src/db/migrations'), path.join(outDir, 'db/migrations'), { recursive: true });
// The overlay is sent as it is written. What tsc made of the parts that the API reads too is replaced.
cpSync(path.join(root, 'src/overlay'), path.join(outDir, 'overlay'), {
  recursive: true,
  filter: (file) => !file.endsWith('tsconfig.json'),
});
