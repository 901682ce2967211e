/** Rules that no variable can judge by itself: over several of them, and over whether the process is in production. */
import type { CoreValues } from '../config.ts';
import { isReservedHost } from '../lib/reserved-host.ts';
import type { ProcessName } from '../lib/settings.ts';
import type { CauseCode } from '../platforms/causes/cause.ts';

/** What stops a process from starting: the variable and the sentence that names the fix. */
export interface ConfigProblem {
  readonly key: string;
  readonly problem: string;
  readonly cause: CauseCode;
}

interface Facts {
  readonly process: ProcessName;
  /** Incomplete while single variables have problems. */
  readonly values: Partial<CoreValues>;
  readonly isProduction: boolean;
  /** Where browsers and platforms reach this installation, by the variable that says so. */
  readonly ownAddresses: readonly (readonly [name: string, address: string])[];
}

const SHORTEST_SECRET = 32;

export function crossChecks({ process, values, isProduction, ownAddresses }: Facts): {
  problems: ConfigProblem[];
  warnings: string[];
} {
  const problems: ConfigProblem[] = [];
  const warnings: string[] = [];
  // The operator's command stores no token without a key: those of its commands that need one say so.
  if (isProduction && process !== 'cli' && values.CREDENTIALS_ENCRYPTION_KEY?.length === 0) {
    const problem =
      'CREDENTIALS_ENCRYPTION_KEY is not set. Production needs it to store tokens encrypted. Make a key with ' +
      '`openssl rand -base64 32`, or set NODE_ENV=development for a trial on this machine.';
    problems.push({ key: 'CREDENTIALS_ENCRYPTION_KEY', problem, cause: 'variable_missing' });
  }
  const isWorker = process !== 'api' && process !== 'cli';
  if (isWorker && values.CHATBOT_BACKEND_BASE_URLS?.length === 0 && !values.CHATBOT_BACKEND_BASE_URL) {
    const problem = 'CHATBOT_BACKEND_BASE_URLS is not set. List the API instances, for example http://127.0.0.1:3001';
    problems.push({ key: 'CHATBOT_BACKEND_BASE_URLS', problem, cause: 'relay_list_missing' });
  }
  const isShort = values.JWT_SECRET != null && values.JWT_SECRET.length < SHORTEST_SECRET;
  if (isProduction && process === 'api' && isShort) {
    const fact = `JWT_SECRET is shorter than ${SHORTEST_SECRET} characters. Anyone who guesses it can sign in as any user.`;
    if (values.JWT_SECRET_ALLOW_SHORT) warnings.push(`${fact} JWT_SECRET_ALLOW_SHORT permits it.`);
    else {
      const fix =
        'Make a new one with `openssl rand -hex 32`, or set JWT_SECRET_ALLOW_SHORT=1 while other services share it.';
      problems.push({ key: 'JWT_SECRET', problem: `${fact} ${fix}`, cause: 'variable_insecure' });
    }
  }
  const exposed = isProduction ? [] : ownAddresses.filter(([, address]) => !isReservedHost(address));
  const [first] = exposed;
  if (first !== undefined) {
    const names = exposed.map(([name]) => name).join(', ');
    const problem =
      `A public host needs production mode. It is named in ${names}. Outside production, cookies lack Secure, pages ` +
      'of any localhost are trusted, and tokens may be stored unencrypted. Set NODE_ENV=production, or name a loopback ' +
      'address or a host under .localhost, .test, .example or .invalid.';
    problems.push({ key: first[0], problem, cause: 'variables_contradict' });
  }
  return { problems, warnings };
}
