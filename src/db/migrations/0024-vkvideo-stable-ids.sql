-- The id that VK Video Live gives a channel for good: its name may change, and another channel may take the name it had.
ALTER TABLE "VkVideoChatBotSubscription" ADD COLUMN "vkvideoStableId" TEXT;

-- Whoever names another channel need not know of the column: the id belongs to the channel that was named before.
CREATE FUNCTION memalerts_vkvideo_channel_named() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  NEW."vkvideoStableId" := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER named_anew BEFORE UPDATE OF "vkvideoChannelId", "vkvideoChannelUrl" ON "VkVideoChatBotSubscription"
  FOR EACH ROW
  WHEN ((NEW."vkvideoChannelId", NEW."vkvideoChannelUrl") IS DISTINCT FROM (OLD."vkvideoChannelId", OLD."vkvideoChannelUrl"))
  EXECUTE FUNCTION memalerts_vkvideo_channel_named();

DROP TRIGGER hint_update ON "VkVideoChatBotSubscription";
CREATE TRIGGER hint_update AFTER UPDATE ON "VkVideoChatBotSubscription" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_config(
    'channels', 'vkvideo', 'enabled', 'vkvideoChannelId', 'userId', 'vkvideoChannelUrl', 'vkvideoStableId');
