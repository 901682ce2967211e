/** The tables as TypeScript sees them. The migrations are the truth; a test compares the two. */
import type { ColumnType, Generated } from 'kysely';
import type {
  DefaultCredentialColumns,
  OutboxColumns,
  OverrideColumns,
  SubscriptionColumns,
} from './platform-tables.ts';

type IntegrationProvider = 'twitch' | 'vkplaylive' | 'vkvideo' | 'youtube' | 'trovo' | 'kick';
type AccountProvider = 'twitch' | 'youtube' | 'vk' | 'vkvideo' | 'vkplay' | 'kick' | 'trovo' | 'boosty' | 'discord';
type RewardProvider = 'kick' | 'trovo' | 'vkvideo' | 'twitch';

interface ApiTokenTable {
  id: Generated<string>;
  channelId: string;
  userId: string;
  name: string;
  tokenHash: Buffer;
  scopes: string[];
  expiresAt: Date | null;
  lastUsedAt: Date | null;
  createdAt: Generated<Date>;
}

interface AuditLogTable {
  id: Generated<string>;
  actorId: string | null;
  channelId: string | null;
  action: string;
  payloadJson: Generated<string>;
  createdAt: Generated<Date>;
}

interface BotChannelHealthTable {
  provider: string;
  channelId: string;
  state: string;
  reason: string | null;
  since: Generated<Date>;
  startNumber: number | null;
  updatedAt: Generated<Date>;
  lastLineAt: Date | null;
}

interface BotChannelLeaseTable {
  provider: string;
  channelId: string;
  startNumber: number;
  acquiredAt: Generated<Date>;
}

interface BotIntegrationSettingsTable {
  id: Generated<string>;
  channelId: string;
  provider: IntegrationProvider;
  enabled: Generated<boolean>;
  createdAt: Generated<Date>;
  updatedAt: Generated<Date>;
}

interface BotWorkerTable {
  startNumber: Generated<number>;
  provider: string;
  host: string;
  pid: number;
  startedAt: Generated<Date>;
  heartbeatAt: Generated<Date>;
  facts: ColumnType<unknown, string | null | undefined, string | null>;
}

interface ChannelTable {
  id: Generated<string>;
  twitchChannelId: string | null;
  slug: string;
  name: string;
  creditsStyleJson: string | null;
  creditsIgnoredChattersJson: ColumnType<string[], string | undefined, string>;
  creditsTokenVersion: Generated<number>;
  creditsReconnectWindowMinutes: Generated<number>;
  streamDurationCommandJson: string | null;
  followGreetingsEnabled: Generated<boolean>;
  followGreetingTemplate: string | null;
  createdAt: Generated<Date>;
}

interface ChannelEntitlementTable {
  id: Generated<string>;
  channelId: string;
  key: string;
  enabled: Generated<boolean>;
  expiresAt: Date | null;
  source: string | null;
  createdAt: Generated<Date>;
  updatedAt: Generated<Date>;
}

interface ChannelLiveStateTable {
  channelId: string;
  provider: string;
  isLive: boolean;
  since: Date;
  seenAt: Generated<Date>;
}

interface ChannelWatchTable {
  channelId: string;
  until: Date;
}

interface ChatBotCommandTable {
  id: Generated<string>;
  channelId: string;
  trigger: string;
  triggerNormalized: string;
  response: string;
  enabled: Generated<boolean>;
  onlyWhenLive: Generated<boolean>;
  allowedRoles: ColumnType<string[], string | undefined, string>;
  allowedUsers: ColumnType<string[], string | undefined, string>;
  vkvideoAllowedRoleIds: ColumnType<string[], string | undefined, string>;
  createdAt: Generated<Date>;
  updatedAt: Generated<Date>;
}

interface ChatBotEventDedupTable {
  id: Generated<string>;
  channelId: string;
  kind: string;
  eventId: string;
  createdAt: Generated<Date>;
}

interface ConfigChangeTable {
  id: Generated<number>;
  kind: string;
  provider: string;
  changedAt: Generated<Date>;
}

interface ConfigVersionTable {
  kind: string | null;
  provider: string | null;
  last: number | null;
  changes: number | null;
}

interface CreditsChatterTable {
  channelId: string;
  userId: string;
  seq: Generated<number>;
  displayName: string;
  avatarUrl: string | null;
}

interface CreditsDonorTable {
  channelId: string;
  nameKey: string;
  seq: Generated<number>;
  name: string;
  amount: number;
  currency: string;
  avatarUrl: string | null;
}

interface CreditsRollTable {
  channelId: string;
  status: string;
  startedAt: Date;
  lastSeenAt: Date;
  offlineAt: Date | null;
  expiresAt: Date;
}

interface ExternalAccountTable {
  id: Generated<string>;
  userId: string;
  provider: AccountProvider;
  providerAccountId: string;
  displayName: string | null;
  login: string | null;
  avatarUrl: string | null;
  profileUrl: string | null;
  accessToken: string | null;
  refreshToken: string | null;
  deviceId: string | null;
  scopes: string | null;
  tokenExpiresAt: Date | null;
  brokenAt: Date | null;
  brokenReason: string | null;
  grantEndsAt: Date | null;
  linkedAs: 'login' | 'link' | 'bot_link' | null;
  createdAt: Generated<Date>;
  updatedAt: Generated<Date>;
}

interface EndedSessionTable {
  jti: string;
  userId: string;
  expiresAt: Date;
  endedAt: Generated<Date>;
}

interface ExternalWebhookDeliveryDedupTable {
  id: Generated<string>;
  provider: RewardProvider;
  messageId: string;
  receivedAt: Generated<Date>;
  externalEventId: string | null;
}

interface OAuthStateTable {
  state: string;
  provider: AccountProvider;
  kind: 'login' | 'link' | 'bot_link';
  userId: string | null;
  channelId: string | null;
  redirectTo: string | null;
  origin: string | null;
  codeVerifier: string | null;
  expiresAt: Date;
  consumedAt: Date | null;
  createdAt: Generated<Date>;
  browserHash: string | null;
  instanceOrigin: string | null;
  extraScopes: string | null;
}

interface OwnerLoginTable {
  provider: string;
  login: string;
  providerAccountId: string;
  createdAt: Generated<Date>;
}

interface PlatformEventSubscriptionTable {
  provider: string;
  channelId: string;
  type: string;
  status: string;
  reason: string | null;
  remoteId: string | null;
  updatedAt: Generated<Date>;
}

interface QuotaLedgerTable {
  provider: string;
  project: string;
  day: string;
  method: string;
  calls: Generated<number>;
  units: Generated<number>;
  pausedUntil: Date | null;
}

interface ChatPositionTable {
  provider: string;
  channelId: string;
  chat: string;
  position: string;
  updatedAt: Date;
}

interface StreamRunTable {
  channelId: string;
  runId: string;
  status: string;
  startedAt: Date;
  onlineMs: Generated<number>;
  segmentStartedAt: Date | null;
  offlineAt: Date | null;
  updatedAt: Generated<Date>;
}

interface UserTable {
  id: Generated<string>;
  twitchUserId: string | null;
  displayName: string;
  profileImageUrl: string | null;
  role: Generated<string>;
  channelId: string | null;
  twitchAccessToken: string | null;
  twitchRefreshToken: string | null;
  hasBetaAccess: Generated<boolean>;
  createdAt: Generated<Date>;
  sessionsFrom: Date | null;
  adminRevokedAt: Date | null;
}

interface WebhookInboxTable {
  seq: Generated<number>;
  provider: string;
  channelId: string;
  deliveryId: string;
  businessKey: string | null;
  eventType: string;
  payload: ColumnType<unknown, string, string>;
  status: Generated<string>;
  receivedAt: Generated<Date>;
  processedAt: Date | null;
}

/** Every table and view, for Kysely. */
export interface Database {
  ApiToken: ApiTokenTable;
  AuditLog: AuditLogTable;
  BotChannelHealth: BotChannelHealthTable;
  BotChannelLease: BotChannelLeaseTable;
  BotIntegrationSettings: BotIntegrationSettingsTable;
  BotWorker: BotWorkerTable;
  Channel: ChannelTable;
  ChannelEntitlement: ChannelEntitlementTable;
  ChannelLiveState: ChannelLiveStateTable;
  ChannelWatch: ChannelWatchTable;
  ChatBotCommand: ChatBotCommandTable;
  ChatBotEventDedup: ChatBotEventDedupTable;
  ChatBotOutboxMessage: OutboxColumns & { twitchLogin: string };
  ChatBotSubscription: SubscriptionColumns & { twitchLogin: string };
  ChatPosition: ChatPositionTable;
  ConfigChange: ConfigChangeTable;
  ConfigVersion: ConfigVersionTable;
  CreditsChatter: CreditsChatterTable;
  CreditsDonor: CreditsDonorTable;
  CreditsRoll: CreditsRollTable;
  EndedSession: EndedSessionTable;
  ExternalAccount: ExternalAccountTable;
  ExternalWebhookDeliveryDedup: ExternalWebhookDeliveryDedupTable;
  GlobalKickBotCredential: DefaultCredentialColumns;
  GlobalTrovoBotCredential: DefaultCredentialColumns;
  GlobalTwitchBotCredential: DefaultCredentialColumns;
  GlobalVkVideoBotCredential: DefaultCredentialColumns;
  GlobalYouTubeBotCredential: DefaultCredentialColumns;
  KickBotIntegration: OverrideColumns;
  KickChatBotOutboxMessage: OutboxColumns & { kickChannelId: string };
  KickChatBotSubscription: SubscriptionColumns & { userId: string; kickChannelId: string };
  OAuthState: OAuthStateTable;
  OwnerLogin: OwnerLoginTable;
  PlatformEventSubscription: PlatformEventSubscriptionTable;
  QuotaLedger: QuotaLedgerTable;
  StreamRun: StreamRunTable;
  TrovoBotIntegration: OverrideColumns;
  TrovoChatBotOutboxMessage: OutboxColumns & { trovoChannelId: string };
  TrovoChatBotSubscription: SubscriptionColumns & { userId: string; trovoChannelId: string };
  TwitchBotIntegration: OverrideColumns;
  User: UserTable;
  VkVideoBotIntegration: OverrideColumns;
  VkVideoChatBotOutboxMessage: OutboxColumns & { vkvideoChannelId: string };
  VkVideoChatBotSubscription: SubscriptionColumns & {
    userId: string | null;
    vkvideoChannelId: string;
    vkvideoChannelUrl: string | null;
    /** As VK's answers name the channel; null until one was seen since the channel was named. */
    vkvideoStableId: Generated<string | null>;
  };
  WebhookInbox: WebhookInboxTable;
  YouTubeBotIntegration: OverrideColumns;
  YouTubeChatBotOutboxMessage: OutboxColumns & { youtubeChannelId: string };
  YouTubeChatBotSubscription: SubscriptionColumns & { userId: string; youtubeChannelId: string };
}
