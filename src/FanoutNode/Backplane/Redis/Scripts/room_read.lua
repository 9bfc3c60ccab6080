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
-- ARGV[7]  the meta's time to live as long as nothing was published, ms
-- ARGV[8]  bytes of messages after which the page ends, with one message at least
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
redis.call('PEXPIRE', KEYS[1], offset > 0 and ARGV[2] or ARGV[7])
local reply = { epoch, offset }
local wanted, bytes, from = tonumber(ARGV[6]), 0, ARGV[5]
-- A few at a time, so that what lies beyond the limit is not even loaded.
while wanted > 0 do
  local chunk = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', math.min(wanted, 16))
  for _, entry in ipairs(chunk) do
    bytes = bytes + #entry[2][2]
    if bytes > tonumber(ARGV[8]) and #reply > 2 then
      return reply
    end
    reply[#reply + 1] = entry
    from = '(' .. entry[1]
  end
  if #chunk < 16 then
    break
  end
  wanted = wanted - #chunk
end
return reply
