/** All cases, one file per resource. */
import type { Route } from '../contract.ts';
import type { Case, CasesOf } from '../kit.ts';
import { beyond } from './beyond.ts';
import { bots } from './bots.ts';
import { callbacks } from './callbacks.ts';
import { commands } from './commands.ts';
import { credits } from './credits.ts';
import { diagnosis } from './diagnosis.ts';
import { enabling } from './enabling.ts';
import { entitlements } from './entitlements.ts';
import { eventsub } from './eventsub.ts';
import { kickWebhook } from './kick-webhook.ts';
import { operations } from './operations.ts';
import { pages } from './pages.ts';
import { say } from './say.ts';
import { senders } from './senders.ts';
import { settings } from './settings.ts';
import { signIn } from './sign-in.ts';

const FILES: readonly CasesOf[] = [
  bots,
  diagnosis,
  enabling,
  senders,
  commands,
  say,
  settings,
  entitlements,
  signIn,
  callbacks,
  credits,
  kickWebhook,
  eventsub,
  operations,
  pages,
  beyond,
];

export const CASES: ReadonlyMap<Route, readonly Case[]> = merged();

/** Some routes are told of in two files. */
function merged(): Map<Route, Case[]> {
  const all = new Map<Route, Case[]>();
  for (const file of FILES) {
    for (const [route, cases = []] of Object.entries(file)) {
      all.set(route as Route, [...(all.get(route as Route) ?? []), ...cases]);
    }
  }
  return all;
}
