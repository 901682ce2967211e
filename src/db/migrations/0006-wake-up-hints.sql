-- Wake-up hints for any writer: the API, an older API, psql.
--
-- One channel, `memalerts`; payload `kind:provider:channelId`, or `kind:provider` when one statement touched more than
-- 50 channels or the change concerns all of them. A provider of `*` means every platform. Kinds:
--
--   outbox       a pending message was queued            inbox      a webhook delivery waits
--   channels     a subscription, gate, override or entitlement changed
--   credentials  a default bot or a linked account's grant changed
--   commands     a command changed                       settings   a column of Channel that workers read changed
--   live         a stream's state changed                credits    the roll changed (raised by the API, not here)
--   lease        leases were given back                  worker     a copy of a worker came or went
--
-- Statement-level triggers with transition tables: one call per statement, however many rows.

-- Every change a worker has to know of, append-only. Workers compare ("last", changes) per provider on their safety
-- timer: a counter row would be a lock two transactions could meet on in opposite order, and a sequence would move
-- before its transaction commits. Here a commit always shows, because it adds a row.
CREATE TABLE "ConfigChange" (
  id BIGINT PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  kind TEXT NOT NULL,
  provider TEXT NOT NULL,
  "changedAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "ConfigChange" ("changedAt");

CREATE VIEW "ConfigVersion" AS
SELECT kind, provider, max(id) AS last, count(*) AS changes FROM "ConfigChange" GROUP BY kind, provider;

CREATE FUNCTION memalerts_hint(kind TEXT, provider TEXT, channels TEXT[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE channel TEXT;
BEGIN
  IF cardinality(channels) > 50 THEN
    PERFORM pg_notify('memalerts', kind || ':' || provider);
  ELSE
    FOREACH channel IN ARRAY channels LOOP
      PERFORM pg_notify('memalerts', kind || ':' || provider || ':' || channel);
    END LOOP;
  END IF;
END $$;

-- Arguments: kind, provider. For tables whose pending rows wait for a worker.
CREATE FUNCTION memalerts_hint_pending() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE channels TEXT[];
BEGIN
  SELECT array_agg(DISTINCT "channelId") INTO channels FROM new_rows WHERE status = 'pending';
  IF channels IS NOT NULL THEN PERFORM memalerts_hint(TG_ARGV[0], TG_ARGV[1], channels); END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION memalerts_hint_inbox() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE waiting RECORD;
BEGIN
  FOR waiting IN
    SELECT provider, array_agg(DISTINCT "channelId") AS channels FROM new_rows WHERE status = 'pending' GROUP BY provider
  LOOP
    PERFORM memalerts_hint('inbox', waiting.provider, waiting.channels);
  END LOOP;
  RETURN NULL;
END $$;

-- Arguments: kind, provider (`column` takes the row's own), then the columns a worker reads. An update that leaves all
-- of them as they were says nothing.
CREATE FUNCTION memalerts_hint_config() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  changed RECORD;
  kind TEXT := TG_ARGV[0];
  fixed_provider TEXT := TG_ARGV[1];
  read_columns TEXT[] := TG_ARGV[2:];
  channel_column TEXT := CASE TG_TABLE_NAME WHEN 'Channel' THEN 'id' ELSE 'channelId' END;
  pairs TEXT := CASE TG_OP
    WHEN 'INSERT' THEN 'SELECT to_jsonb(n) AS new, NULL::jsonb AS old FROM new_rows n'
    WHEN 'DELETE' THEN 'SELECT NULL::jsonb AS new, to_jsonb(o) AS old FROM old_rows o'
    ELSE 'SELECT to_jsonb(n) AS new, to_jsonb(o) AS old FROM new_rows n JOIN old_rows o USING (id)'
  END;
BEGIN
  FOR changed IN EXECUTE format($query$
    SELECT coalesce(nullif(%L, 'column'), coalesce(new, old) ->> 'provider') AS provider,
           array_agg(DISTINCT coalesce(new, old) ->> %L) FILTER (WHERE coalesce(new, old) ? %L) AS channels
    FROM (%s) pairs
    WHERE EXISTS (SELECT 1 FROM unnest($1) c WHERE new -> c IS DISTINCT FROM old -> c)
    GROUP BY 1
  $query$, fixed_provider, channel_column, channel_column, pairs) USING read_columns
  LOOP
    INSERT INTO "ConfigChange" (kind, provider) VALUES (kind, changed.provider);
    IF changed.channels IS NULL THEN
      PERFORM pg_notify('memalerts', kind || ':' || changed.provider);
    ELSE
      PERFORM memalerts_hint(kind, changed.provider, changed.channels);
    END IF;
  END LOOP;
  RETURN NULL;
END $$;

CREATE TRIGGER hint_insert AFTER INSERT ON "ChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_pending('outbox', 'twitch');

CREATE TRIGGER hint_insert AFTER INSERT ON "YouTubeChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_pending('outbox', 'youtube');

CREATE TRIGGER hint_insert AFTER INSERT ON "VkVideoChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_pending('outbox', 'vkvideo');

CREATE TRIGGER hint_insert AFTER INSERT ON "TrovoChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_pending('outbox', 'trovo');

CREATE TRIGGER hint_insert AFTER INSERT ON "KickChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_pending('outbox', 'kick');

CREATE TRIGGER hint_insert AFTER INSERT ON "WebhookInbox" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_inbox();

CREATE TRIGGER hint_insert AFTER INSERT ON "ChatBotSubscription" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'twitch', 'enabled', 'twitchLogin');
CREATE TRIGGER hint_update AFTER UPDATE ON "ChatBotSubscription" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'twitch', 'enabled', 'twitchLogin');
CREATE TRIGGER hint_delete AFTER DELETE ON "ChatBotSubscription" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'twitch', 'enabled', 'twitchLogin');
CREATE TRIGGER hint_insert AFTER INSERT ON "YouTubeChatBotSubscription" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'youtube', 'enabled', 'youtubeChannelId', 'userId');
CREATE TRIGGER hint_update AFTER UPDATE ON "YouTubeChatBotSubscription" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'youtube', 'enabled', 'youtubeChannelId', 'userId');
CREATE TRIGGER hint_delete AFTER DELETE ON "YouTubeChatBotSubscription" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'youtube', 'enabled', 'youtubeChannelId', 'userId');
CREATE TRIGGER hint_insert AFTER INSERT ON "VkVideoChatBotSubscription" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'vkvideo', 'enabled', 'vkvideoChannelId', 'userId', 'vkvideoChannelUrl');
CREATE TRIGGER hint_update AFTER UPDATE ON "VkVideoChatBotSubscription" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'vkvideo', 'enabled', 'vkvideoChannelId', 'userId', 'vkvideoChannelUrl');
CREATE TRIGGER hint_delete AFTER DELETE ON "VkVideoChatBotSubscription" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'vkvideo', 'enabled', 'vkvideoChannelId', 'userId', 'vkvideoChannelUrl');
CREATE TRIGGER hint_insert AFTER INSERT ON "TrovoChatBotSubscription" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'trovo', 'enabled', 'trovoChannelId', 'userId');
CREATE TRIGGER hint_update AFTER UPDATE ON "TrovoChatBotSubscription" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'trovo', 'enabled', 'trovoChannelId', 'userId');
CREATE TRIGGER hint_delete AFTER DELETE ON "TrovoChatBotSubscription" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'trovo', 'enabled', 'trovoChannelId', 'userId');
CREATE TRIGGER hint_insert AFTER INSERT ON "KickChatBotSubscription" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'kick', 'enabled', 'kickChannelId', 'userId');
CREATE TRIGGER hint_update AFTER UPDATE ON "KickChatBotSubscription" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'kick', 'enabled', 'kickChannelId', 'userId');
CREATE TRIGGER hint_delete AFTER DELETE ON "KickChatBotSubscription" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'kick', 'enabled', 'kickChannelId', 'userId');
CREATE TRIGGER hint_insert AFTER INSERT ON "TwitchBotIntegration" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'twitch', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "TwitchBotIntegration" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'twitch', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "TwitchBotIntegration" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'twitch', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "GlobalTwitchBotCredential" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'twitch', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "GlobalTwitchBotCredential" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'twitch', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "GlobalTwitchBotCredential" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'twitch', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "YouTubeBotIntegration" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'youtube', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "YouTubeBotIntegration" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'youtube', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "YouTubeBotIntegration" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'youtube', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "GlobalYouTubeBotCredential" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'youtube', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "GlobalYouTubeBotCredential" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'youtube', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "GlobalYouTubeBotCredential" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'youtube', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "VkVideoBotIntegration" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'vkvideo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "VkVideoBotIntegration" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'vkvideo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "VkVideoBotIntegration" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'vkvideo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "GlobalVkVideoBotCredential" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'vkvideo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "GlobalVkVideoBotCredential" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'vkvideo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "GlobalVkVideoBotCredential" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'vkvideo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "TrovoBotIntegration" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'trovo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "TrovoBotIntegration" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'trovo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "TrovoBotIntegration" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'trovo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "GlobalTrovoBotCredential" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'trovo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "GlobalTrovoBotCredential" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'trovo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "GlobalTrovoBotCredential" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'trovo', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "KickBotIntegration" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'kick', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "KickBotIntegration" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'kick', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "KickBotIntegration" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'kick', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "GlobalKickBotCredential" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'kick', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "GlobalKickBotCredential" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'kick', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "GlobalKickBotCredential" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'kick', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "BotIntegrationSettings" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'column', 'enabled');
CREATE TRIGGER hint_update AFTER UPDATE ON "BotIntegrationSettings" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'column', 'enabled');
CREATE TRIGGER hint_delete AFTER DELETE ON "BotIntegrationSettings" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'column', 'enabled');
CREATE TRIGGER hint_insert AFTER INSERT ON "ChannelEntitlement" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', '*', 'enabled', 'expiresAt', 'key');
CREATE TRIGGER hint_update AFTER UPDATE ON "ChannelEntitlement" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', '*', 'enabled', 'expiresAt', 'key');
CREATE TRIGGER hint_delete AFTER DELETE ON "ChannelEntitlement" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', '*', 'enabled', 'expiresAt', 'key');
CREATE TRIGGER hint_insert AFTER INSERT ON "ChatBotCommand" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('commands', '*', 'triggerNormalized', 'response', 'enabled', 'onlyWhenLive', 'allowedRoles', 'allowedUsers', 'vkvideoAllowedRoleIds');
CREATE TRIGGER hint_update AFTER UPDATE ON "ChatBotCommand" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('commands', '*', 'triggerNormalized', 'response', 'enabled', 'onlyWhenLive', 'allowedRoles', 'allowedUsers', 'vkvideoAllowedRoleIds');
CREATE TRIGGER hint_delete AFTER DELETE ON "ChatBotCommand" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('commands', '*', 'triggerNormalized', 'response', 'enabled', 'onlyWhenLive', 'allowedRoles', 'allowedUsers', 'vkvideoAllowedRoleIds');
CREATE TRIGGER hint_update AFTER UPDATE ON "Channel" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('settings', '*', 'slug', 'twitchChannelId', 'streamDurationCommandJson', 'creditsReconnectWindowMinutes', 'creditsIgnoredChattersJson');
CREATE TRIGGER hint_update AFTER UPDATE ON "ExternalAccount" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'column', 'accessToken', 'refreshToken', 'brokenAt', 'login', 'scopes', 'userId');
CREATE TRIGGER hint_delete AFTER DELETE ON "ExternalAccount" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'column', 'accessToken', 'refreshToken', 'brokenAt', 'login', 'scopes', 'userId');

CREATE FUNCTION memalerts_hint_live() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changed RECORD;
BEGIN
  FOR changed IN SELECT provider, array_agg("channelId") AS channels FROM new_rows GROUP BY provider LOOP
    PERFORM memalerts_hint('live', changed.provider, changed.channels);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER hint_insert AFTER INSERT ON "ChannelLiveState" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_live();

CREATE FUNCTION memalerts_hint_live_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changed RECORD;
BEGIN
  FOR changed IN
    SELECT n.provider, array_agg(n."channelId") AS channels
    FROM new_rows n JOIN old_rows o USING ("channelId", provider)
    WHERE n."isLive" IS DISTINCT FROM o."isLive"
    GROUP BY n.provider
  LOOP
    PERFORM memalerts_hint('live', changed.provider, changed.channels);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER hint_update AFTER UPDATE ON "ChannelLiveState" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_live_change();

-- A copy that came or went, and leases it gave back: the others rebalance at once.
CREATE FUNCTION memalerts_hint_worker() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('memalerts', TG_ARGV[0] || ':' || coalesce(NEW.provider, OLD.provider));
  RETURN NULL;
END $$;
CREATE TRIGGER hint_row AFTER INSERT OR DELETE ON "BotWorker"
  FOR EACH ROW EXECUTE FUNCTION memalerts_hint_worker('worker');

CREATE FUNCTION memalerts_hint_leases() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE freed TEXT;
BEGIN
  FOR freed IN SELECT DISTINCT provider FROM old_rows LOOP
    PERFORM pg_notify('memalerts', 'lease:' || freed);
  END LOOP;
  RETURN NULL;
END $$;
CREATE TRIGGER hint_delete AFTER DELETE ON "BotChannelLease" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_leases();
