/** What is wrong with the environment, as a start of each process would say it: the doctor and a start agree. */
import { isSwitchedOff, loadConfig } from '../../config.ts';
import type { ToldFact } from '../../engine/diagnosis/snapshot.ts';
import type { ProviderId } from '../../lib/brand.ts';
import { registry } from '../../platforms/registry.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** One fact for each variable, however many processes it stops; and one for each worker that is switched off. */
export function variableFacts(env: Environment): readonly ToldFact[] {
  const facts = new Map<string, ToldFact>();
  for (const provider of [null, ...registry.map(({ id }) => id as ProviderId)]) {
    const loaded = loadConfig(provider ?? 'api', env);
    if (provider !== null && isSwitchedOff(loaded, provider)) {
      facts.set(provider, { check: 'worker', cause: 'switched_off_by_environment', provider, data: {} });
    } else if ('problems' in loaded) {
      for (const { key, problem, cause } of loaded.problems) {
        const data = { variable: key, detail: withoutCredentials(problem) };
        const scope = isOfPlatform(key, provider) ? provider : null;
        if (!facts.has(key)) facts.set(key, { check: 'variables', cause, provider: scope, data });
      }
    }
  }
  const found = [...facts.values()];
  if (found.some(({ check }) => check === 'variables')) return found;
  return [{ check: 'variables', cause: 'variables_right', provider: null, data: {} }, ...found];
}

/** What the API needs concerns the whole installation, whosever variable it is. */
function isOfPlatform(key: string, provider: ProviderId | null): boolean {
  return registry.some(({ id, variables }) => id === provider && Object.hasOwn(variables, key));
}

/** A problem may quote an address as it was given. */
export function withoutCredentials(sentence: string): string {
  return sentence.replace(/\/\/[^/@\s]*@/g, '//');
}
