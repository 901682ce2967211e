-- What workers know and nobody could ask: of themselves, and when a channel was heard last.
ALTER TABLE "BotWorker" ADD COLUMN facts JSONB;
ALTER TABLE "BotChannelHealth" ADD COLUMN "lastLineAt" TIMESTAMP(3);

-- A line that was heard is no news about the reader: whoever watches the channel is not told of each.
CREATE FUNCTION memalerts_hint_health_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('memalerts', 'health:' || c.provider || ':' || c."channelId")
  FROM new_rows c
  JOIN old_rows o USING (provider, "channelId")
  JOIN "ChannelWatch" w USING ("channelId")
  WHERE w.until > timezone('utc', now())
    AND (c.state, c.reason, c.since, c."startNumber") IS DISTINCT FROM (o.state, o.reason, o.since, o."startNumber");
  RETURN NULL;
END $$;
DROP TRIGGER hint_update ON "BotChannelHealth";
CREATE TRIGGER hint_update AFTER UPDATE ON "BotChannelHealth" REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
  FOR EACH STATEMENT EXECUTE FUNCTION memalerts_hint_health_changed();
