/** `pnpm exec node test/contract/random.ts --requests 10000`: that many random requests for every family of routes. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values } = parseArgs({ options: { requests: { type: 'string', default: '10000' } } });
const root = path.join(import.meta.dirname, '../..');
const vitest = path.join(root, 'node_modules/vitest/vitest.mjs');
const child = spawn(process.execPath, [vitest, 'run', 'test/contract/random.test.ts'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, RANDOM_REQUESTS: values.requests },
});
const [code] = await once(child, 'close');
process.exitCode = code ?? 1;
