-- Publishes to a room without history, and counts its members for the answer. The count stands first: it can fail, and what failed must not
-- have been heard.
-- KEYS[1]  fanout:{room}:members             set
-- ARGV[1]  the room's channel
-- ARGV[2]  message, encoded
-- Returns  { nodes that heard it, members }
local members = redis.call('SCARD', KEYS[1])
return { redis.call('PUBLISH', ARGV[1], ARGV[2]), members }
