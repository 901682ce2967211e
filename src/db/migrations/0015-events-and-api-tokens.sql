-- What a streamer can look up and be told live, and tokens for the tools of a streamer.

-- Channels whose events somebody looks at: the API that tells them keeps `until` ahead of the time. What happens in any
-- other channel is nobody's hint, because a commit that notifies takes a lock of the whole server.
CREATE TABLE "ChannelWatch" (
  "channelId" TEXT PRIMARY KEY REFERENCES "Channel" (id) ON DELETE CASCADE,
  until TIMESTAMP(3) NOT NULL
);

-- Two further kinds of hints, raised for watched channels only:
--
--   message      messages changed their state; the payload's second line names their ids, without one it may be any
--   health       the state of a reader changed
--
-- New messages need none: pending ones raise `outbox`, and what is born claimed changes its state within moments.

-- Argument: provider.
CREATE FUNCTION memalerts_hint_messages() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  now_utc TIMESTAMP := timezone('utc', now());
  changed RECORD;
BEGIN
  -- Mostly nobody looks: then this is all it costs.
  IF NOT EXISTS (SELECT FROM "ChannelWatch" WHERE until > now_utc) THEN RETURN NULL; END IF;
  FOR changed IN
    SELECT n."channelId" AS channel, string_agg(n.id, ',') AS ids
    FROM new_rows n JOIN "ChannelWatch" w ON w."channelId" = n."channelId" AND w.until > now_utc
    GROUP BY 1
  LOOP
    PERFORM pg_notify('memalerts', 'message:' || TG_ARGV[0] || ':' || changed.channel
      -- A payload has at most 8,000 bytes.
      || CASE WHEN octet_length(changed.ids) <= 7000 THEN E'\n' || changed.ids ELSE '' END);
  END LOOP;
  RETURN NULL;
END $$;

CREATE TRIGGER hint_update AFTER UPDATE ON "ChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_messages('twitch');
CREATE TRIGGER hint_update AFTER UPDATE ON "YouTubeChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_messages('youtube');
CREATE TRIGGER hint_update AFTER UPDATE ON "VkVideoChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_messages('vkvideo');
CREATE TRIGGER hint_update AFTER UPDATE ON "TrovoChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_messages('trovo');
CREATE TRIGGER hint_update AFTER UPDATE ON "KickChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_messages('kick');

CREATE FUNCTION memalerts_hint_health() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('memalerts', 'health:' || c.provider || ':' || c."channelId")
  FROM changed_rows c JOIN "ChannelWatch" w USING ("channelId")
  WHERE w.until > timezone('utc', now());
  RETURN NULL;
END $$;
CREATE TRIGGER hint_insert AFTER INSERT ON "BotChannelHealth" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_health();
CREATE TRIGGER hint_update AFTER UPDATE ON "BotChannelHealth" REFERENCING NEW TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_health();
CREATE TRIGGER hint_delete AFTER DELETE ON "BotChannelHealth" REFERENCING OLD TABLE AS changed_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_health();

-- A page of the audit log, newest first: of one channel, of one action, or of everything.
DROP INDEX "AuditLog_channelId_idx", "AuditLog_createdAt_idx";
CREATE INDEX ON "AuditLog" ("channelId", "createdAt", id);
CREATE INDEX ON "AuditLog" (action, "createdAt", id);
CREATE INDEX ON "AuditLog" ("createdAt", id);

-- What a streamer's own tool signs in with. It acts for the channel while its maker could.
CREATE TABLE "ApiToken" (
  id TEXT PRIMARY KEY DEFAULT gen_random_uuid()::text,
  "channelId" TEXT NOT NULL REFERENCES "Channel" (id) ON DELETE CASCADE,
  "userId" TEXT NOT NULL REFERENCES "User" (id) ON DELETE CASCADE,
  name TEXT NOT NULL,
  -- SHA-256. The token has 256 random bits: nothing slower is needed to keep it from being guessed.
  "tokenHash" BYTEA NOT NULL UNIQUE,
  scopes TEXT[] NOT NULL,
  -- Null: until it is revoked.
  "expiresAt" TIMESTAMP(3),
  -- To the minute.
  "lastUsedAt" TIMESTAMP(3),
  "createdAt" TIMESTAMP(3) NOT NULL DEFAULT timezone('utc', now())
);
CREATE INDEX ON "ApiToken" ("channelId", "createdAt");
CREATE INDEX ON "ApiToken" ("userId");
