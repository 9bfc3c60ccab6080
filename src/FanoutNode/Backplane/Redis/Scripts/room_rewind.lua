-- Begins a new epoch because a node saw that Redis lost entries. Compare and set: of all nodes that saw it one sets the epoch, and the others
-- learn it.
-- KEYS[1]  fanout:{room}:meta                hash: epoch, offset, server
-- KEYS[2]  fanout:{room}:stream              stream
-- ARGV[1]  the room's channel
-- ARGV[2]  the meta's time to live, ms
-- ARGV[3]  the new epoch
-- ARGV[4]  the server's identity, or '' to trust a restart
-- ARGV[5]  the epoch that is known to be broken
-- Returns  { epoch, offset }
local meta = redis.call('HMGET', KEYS[1], 'epoch', 'offset')
if meta[1] and meta[1] ~= ARGV[5] then
  return { meta[1], tonumber(meta[2] or 0) }
end
redis.call('HSET', KEYS[1], 'epoch', ARGV[3], 'offset', 0, 'server', ARGV[4])
redis.call('DEL', KEYS[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PUBLISH', ARGV[1], '\3' .. ARGV[3])
return { ARGV[3], 0 }
