-- Reads where a room is, and a page of its messages: both in one step, so that they belong together. Begins the room's first epoch, so that
-- a member has a position before the first message.
-- KEYS[1]  fanout:{room}:meta                hash: epoch, offset, server
-- KEYS[2]  fanout:{room}:stream              stream: entry <offset>-0, field d
-- ARGV[1]  the room's channel
-- ARGV[2]  the meta's time to live, ms
-- ARGV[3]  epoch to begin if there is none
-- ARGV[4]  the server's identity, or '' to trust a restart
-- ARGV[5]  offset of the first message wanted
-- ARGV[6]  most messages wanted; 0 for the position alone
-- Returns  { epoch, offset, { entry id, { 'd', message } }, ... }
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset', 'server')
local epoch, offset = meta[1], tonumber(meta[2] or 0)
if not epoch or (ARGV[4] ~= '' and meta[3] ~= ARGV[4]) then
  redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'offset', 0, 'server', ARGV[4])
  redis.call('DEL', KEYS[2])
  if epoch then
    redis.call('PUBLISH', ARGV[1], '\3' .. ARGV[3])
  end
  epoch, offset = ARGV[3], 0
end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
local reply = { epoch, offset }
if ARGV[6] ~= '0' then
  for _, entry in ipairs(redis.call('XRANGE', KEYS[2], ARGV[5], '+', 'COUNT', ARGV[6])) do
    reply[#reply + 1] = entry
  end
end
return reply
