-- Publishes to a room with history, once for each idempotency key. Everything that can fail stands before the PUBLISH, since a script that
-- fails half-way does not roll back: a message is heard only if it is stored.
-- KEYS[1]  fanout:{room}:meta                hash: epoch, offset, server, bytes (never less than what the stream holds)
-- KEYS[2]  fanout:{room}:stream              stream: entry <offset>-0, field d
-- KEYS[3]  fanout:{room}:members             optional; set: counted for the answer
-- KEYS[4]  fanout:{room}:key:<principal>:<key>   optional; string: payload hash, message id, epoch, offset
-- ARGV[1]  the room's channel
-- ARGV[2]  message, encoded
-- ARGV[3]  most entries to keep
-- ARGV[4]  the stream's time to live, ms
-- ARGV[5]  the meta's time to live, ms
-- ARGV[6]  epoch to begin if there is none: random, made by the node (Lua's own random repeats after a restart)
-- ARGV[7]  the server's identity, or '' to trust a restart
-- ARGV[8]  payload hash, for KEYS[4]
-- ARGV[9]  message id, for KEYS[4]
-- ARGV[10] the key's time to live, ms
-- ARGV[11] most bytes of messages to keep, the newest message aside; 0: any number
-- Returns  { 'ok', epoch, offset, nodes that heard it, members } or { 'duplicate', epoch, offset, message id, members } or { 'conflict' };
--          members is -1 without KEYS[3]
local members = KEYS[3] and redis.call('SCARD', KEYS[3]) or -1
if KEYS[4] then
  local seen = redis.call('GET', KEYS[4])
  if seen then
    local hash, id, epoch, offset = string.match(seen, '^(%S+) (%S+) (%S+) (%S+)$')
    if hash ~= ARGV[8] then
      return { 'conflict' }
    end
    return { 'duplicate', epoch, tonumber(offset), id, members }
  end
end

local meta = redis.call('HMGET', KEYS[1], 'epoch', 'server')
local epoch = meta[1]
if not epoch or (ARGV[7] ~= '' and meta[2] ~= ARGV[7]) then
  -- A new life of the room: what an old stream holds belongs to another count.
  redis.call('HSET', KEYS[1], 'epoch', ARGV[6], 'offset', 0, 'server', ARGV[7])
  redis.call('DEL', KEYS[2])
  if epoch then
    redis.call('PUBLISH', ARGV[1], '\3' .. ARGV[6])
  end
  epoch = ARGV[6]
end

local offset = redis.call('HINCRBY', KEYS[1], 'offset', 1)
local added = redis.pcall('XADD', KEYS[2], 'MAXLEN', '=', ARGV[3], offset .. '-0', 'd', ARGV[2])
if type(added) == 'table' and added.err then
  -- The stream is ahead of the count: part of this room's state was lost or written by something else. Begin a new life.
  redis.call('HSET', KEYS[1], 'epoch', ARGV[6], 'offset', 1, 'server', ARGV[7])
  redis.call('DEL', KEYS[2])
  redis.call('PUBLISH', ARGV[1], '\3' .. ARGV[6])
  epoch = ARGV[6]
  offset = 1
  redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[3], '1-0', 'd', ARGV[2])
end
local limit = tonumber(ARGV[11])
if limit > 0 and redis.call('HINCRBY', KEYS[1], 'bytes', #ARGV[2]) > limit then
  -- The count does not know what MAXLEN and the time to live took away. Measure from the newest on, and keep three quarters of the limit, so
  -- that this comes once in many publishes.
  local bytes, from, oldest = 0, '+', nil
  repeat
    local chunk = redis.call('XREVRANGE', KEYS[2], from, '-', 'COUNT', 16)
    for _, entry in ipairs(chunk) do
      if oldest and bytes + #entry[2][2] > limit * 0.75 then
        redis.call('XTRIM', KEYS[2], 'MINID', '=', oldest)
        chunk = {}
        break
      end
      bytes = bytes + #entry[2][2]
      oldest = entry[1]
      from = '(' .. entry[1]
    end
  until #chunk < 16
  redis.call('HSET', KEYS[1], 'bytes', bytes)
end
redis.call('PEXPIRE', KEYS[2], ARGV[4])
redis.call('PEXPIRE', KEYS[1], ARGV[5])
if KEYS[4] then
  redis.call('SET', KEYS[4], ARGV[8] .. ' ' .. ARGV[9] .. ' ' .. epoch .. ' ' .. offset, 'PX', ARGV[10])
end
local nodes = redis.call('PUBLISH', ARGV[1], '\2' .. epoch .. struct.pack('>I8', offset) .. ARGV[2])
return { 'ok', epoch, offset, nodes, members }
