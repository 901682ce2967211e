-- Pigeon: its five tables, as every platform has them, and the hints that wake its worker.
ALTER TYPE "BotIntegrationProvider" ADD VALUE 'pigeon';
ALTER TYPE "ExternalAccountProvider" ADD VALUE 'pigeon';

CREATE TABLE "PigeonChatBotSubscription" (LIKE "ChatBotSubscription" INCLUDING DEFAULTS INCLUDING INDEXES);
ALTER TABLE "PigeonChatBotSubscription" RENAME COLUMN "twitchLogin" TO "pigeonLoft";
CREATE TABLE "PigeonChatBotOutboxMessage" (LIKE "ChatBotOutboxMessage" INCLUDING DEFAULTS INCLUDING INDEXES INCLUDING IDENTITY);
ALTER TABLE "PigeonChatBotOutboxMessage" RENAME COLUMN "twitchLogin" TO "pigeonLoft";
CREATE TABLE "PigeonBotIntegration" (LIKE "TwitchBotIntegration" INCLUDING DEFAULTS INCLUDING INDEXES);
CREATE TABLE "GlobalPigeonBotCredential" (LIKE "GlobalTwitchBotCredential" INCLUDING DEFAULTS INCLUDING INDEXES);

ALTER TABLE "PigeonChatBotSubscription" ADD FOREIGN KEY ("channelId") REFERENCES "Channel" (id) ON DELETE CASCADE;
ALTER TABLE "PigeonChatBotOutboxMessage" ADD FOREIGN KEY ("channelId") REFERENCES "Channel" (id) ON DELETE CASCADE;
ALTER TABLE "PigeonBotIntegration"
  ADD FOREIGN KEY ("channelId") REFERENCES "Channel" (id) ON DELETE CASCADE,
  ADD FOREIGN KEY ("externalAccountId") REFERENCES "ExternalAccount" (id) ON DELETE CASCADE;
ALTER TABLE "GlobalPigeonBotCredential"
  ADD FOREIGN KEY ("externalAccountId") REFERENCES "ExternalAccount" (id) ON DELETE CASCADE;

CREATE TRIGGER hint_insert AFTER INSERT ON "PigeonChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_pending('outbox', 'pigeon');
CREATE TRIGGER hint_update AFTER UPDATE ON "PigeonChatBotOutboxMessage" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_messages('pigeon');
CREATE TRIGGER hint_insert AFTER INSERT ON "PigeonChatBotSubscription" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'pigeon', 'enabled', 'pigeonLoft');
CREATE TRIGGER hint_update AFTER UPDATE ON "PigeonChatBotSubscription" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'pigeon', 'enabled', 'pigeonLoft');
CREATE TRIGGER hint_delete AFTER DELETE ON "PigeonChatBotSubscription" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'pigeon', 'enabled', 'pigeonLoft');
CREATE TRIGGER hint_insert AFTER INSERT ON "PigeonBotIntegration" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'pigeon', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "PigeonBotIntegration" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'pigeon', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "PigeonBotIntegration" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('channels', 'pigeon', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_insert AFTER INSERT ON "GlobalPigeonBotCredential" REFERENCING NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'pigeon', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_update AFTER UPDATE ON "GlobalPigeonBotCredential" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'pigeon', 'enabled', 'externalAccountId');
CREATE TRIGGER hint_delete AFTER DELETE ON "GlobalPigeonBotCredential" REFERENCING OLD TABLE AS old_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config('credentials', 'pigeon', 'enabled', 'externalAccountId');
