/** Every mutant. A new guarantee adds its own to the list it belongs to. */
import { chat } from './chat.ts';
import { delivery } from './delivery.ts';

import { doctor } from './doctor.ts';

import { http } from './http.ts';

import { leases } from './leases.ts';
import { life } from './life.ts';
import { logins } from './logins.ts';
import type { Mutant } from './mutant.ts';
import { overlay } from './overlay.ts';
import { rights } from './rights.ts';
import { silence } from './silence.ts';
import { tokens } from './tokens.ts';
import { webhooks } from './webhooks.ts';

export const mutants: readonly Mutant[] = [
  ...delivery,
  ...leases,
  ...chat,
  ...webhooks,
  ...life,
  ...logins,
  ...rights,
  ...tokens,
  ...doctor,
  ...overlay,
  ...http,
  ...silence,
];
