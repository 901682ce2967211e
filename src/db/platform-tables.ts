/** Columns that the tables of every platform share, by the kind of table. */
import type { Generated } from 'kysely';

/** What all five outbox tables share; only the target column differs. */
export interface OutboxColumns {
  id: Generated<string>;
  seq: Generated<number>;
  rank: Generated<number>;
  channelId: string;
  message: string;
  source: Generated<string>;
  dedupKey: string | null;
  status: Generated<string>;
  attempts: Generated<number>;
  unconfirmedSends: number | null;
  lastError: string | null;
  nextAttemptAt: Generated<Date>;
  expiresAt: Generated<Date | null>;
  claimToken: string | null;
  claimedBy: number | null;
  senderAccountId: string | null;
  platformMessageId: string | null;
  processingAt: Date | null;
  sentAt: Date | null;
  failedAt: Date | null;
  createdAt: Generated<Date>;
  updatedAt: Generated<Date>;
}

/** What all five subscription tables share. */
export interface SubscriptionColumns {
  id: Generated<string>;
  channelId: string;
  enabled: Generated<boolean>;
  createdAt: Generated<Date>;
}

/** The sender of one channel. */
export interface OverrideColumns {
  id: Generated<string>;
  channelId: string;
  externalAccountId: string;
  enabled: Generated<boolean>;
  createdAt: Generated<Date>;
  updatedAt: Generated<Date>;
}

/** The sender of every channel without an override. */
export interface DefaultCredentialColumns {
  id: Generated<string>;
  externalAccountId: string;
  enabled: Generated<boolean>;
  createdAt: Generated<Date>;
  updatedAt: Generated<Date>;
}
