-- When a stream begins, what the platform delivers to the channel is compared (docs/diagnosis.md#proof-of-life):
--   look         a stream began, or somebody asks how the bot is (raised by whoever asks, not here)

CREATE OR REPLACE FUNCTION memalerts_hint_live() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changed RECORD;
BEGIN
  FOR changed IN
    SELECT provider, array_agg("channelId") AS channels, array_agg("channelId") FILTER (WHERE "isLive") AS begun
    FROM new_rows GROUP BY provider
  LOOP
    PERFORM memalerts_hint('live', changed.provider, changed.channels);
    IF changed.begun IS NOT NULL THEN PERFORM memalerts_hint('look', changed.provider, changed.begun); END IF;
  END LOOP;
  RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION memalerts_hint_live_change() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE changed RECORD;
BEGIN
  FOR changed IN
    SELECT n.provider, array_agg(n."channelId") AS channels, array_agg(n."channelId") FILTER (WHERE n."isLive") AS begun
    FROM new_rows n JOIN old_rows o USING ("channelId", provider)
    WHERE n."isLive" IS DISTINCT FROM o."isLive"
    GROUP BY n.provider
  LOOP
    PERFORM memalerts_hint('live', changed.provider, changed.channels);
    IF changed.begun IS NOT NULL THEN PERFORM memalerts_hint('look', changed.provider, changed.begun); END IF;
  END LOOP;
  RETURN NULL;
END $$;
