/** Every cause that belongs to no platform. */
import type { Cause } from './cause.ts';
import { channelCauses } from './channels.ts';
import { installationCauses } from './installation.ts';
import { messageCauses } from './messages.ts';
import { reachCauses } from './reach.ts';
import { senderCauses } from './senders.ts';
import { signInCauses } from './sign-in.ts';

const tables = {
  ...installationCauses,
  ...reachCauses,
  ...channelCauses,
  ...senderCauses,
  ...messageCauses,
  ...signInCauses,
};

export type CoreCause = keyof typeof tables;

export const coreCauses: Readonly<Record<CoreCause, Cause>> = tables;
