/** What the doctor finds: in this process where another adds nothing, and as the command an operator types. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { runDoctor } from '../../../src/cli/doctor.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { createHttpClient } from '../../../src/lib/http.ts';
import type { Language } from '../../../src/platforms/causes/cause.ts';
import type { Found, Place, Read } from './fault.ts';
import type { Environment, Stack } from './stack.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const TIMEOUT_MS = 5000;

export function byDoctor(stack: Stack, { provider, channel }: Place): Read {
  const asked = [
    ...(provider === null ? [] : ['--provider', provider]),
    ...(channel === null ? [] : ['--channel', channel.slug]),
  ];
  return async (language) => {
    const findings = await doctor(stack, ['--lang', language, ...asked]);
    if (channel !== null) return findings;
    return findings.filter(({ scope }) => scope.channelId === null && scope.provider === provider);
  };
}

export function allByDoctor(stack: Stack): Promise<readonly Found[]> {
  return doctor(stack, ['--lang', 'en']);
}

async function doctor({ env }: Stack, options: readonly string[]): Promise<readonly Found[]> {
  const deps = { env, clock: systemClock, http: createHttpClient(TIMEOUT_MS) };
  const { output } = await runDoctor([...options, '--json'], deps);
  return JSON.parse(output).findings;
}

interface DoctorRun {
  readonly exitCode: number;
  readonly verdict: string;
  readonly findings: readonly Found[];
}

/** `memalerts doctor` as a process, with this environment and no other. */
export async function doctorCommand(env: Environment, language: Language): Promise<DoctorRun> {
  const { PATH = '', NODE_COMPILE_CACHE = '' } = process.env;
  const args = ['src/cli/memalerts.ts', 'doctor', '--json', '--lang', language];
  const { promise, resolve, reject } = Promise.withResolvers<DoctorRun>();
  const child = execFile(
    process.execPath,
    args,
    { cwd: ROOT, env: { PATH, NODE_COMPILE_CACHE, ...env } },
    (_, stdout, stderr) => {
      try {
        resolve({ ...JSON.parse(stdout), exitCode: child.exitCode ?? -1 });
      } catch {
        reject(new Error(`the doctor said no JSON: ${stdout}${stderr}`));
      }
    },
  );
  return promise;
}
