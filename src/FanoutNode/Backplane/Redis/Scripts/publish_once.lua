-- Publishes to a room without history, once for each idempotency key. The count stands first: it can fail, and what failed must not have been
-- heard.
-- KEYS[1]  fanout:{room}:key:<principal>:<key>   string: payload hash, message id
-- KEYS[2]  fanout:{room}:members             set: counted for the answer
-- ARGV[1]  the room's channel
-- ARGV[2]  message, encoded
-- ARGV[3]  payload hash
-- ARGV[4]  message id
-- ARGV[5]  the key's time to live, ms
-- Returns  { 'ok', nodes that heard it, members } or { 'duplicate', message id, members } or { 'conflict' }
local members = redis.call('SCARD', KEYS[2])
local seen = redis.call('GET', KEYS[1])
if seen then
  local hash, id = string.match(seen, '^(%S+) (%S+)')
  if hash ~= ARGV[3] then
    return { 'conflict' }
  end
  return { 'duplicate', id, members }
end
redis.call('SET', KEYS[1], ARGV[3] .. ' ' .. ARGV[4], 'PX', ARGV[5])
return { 'ok', redis.call('PUBLISH', ARGV[1], ARGV[2]), members }
