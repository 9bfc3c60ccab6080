#!lua flags=allow-oom
-- Gives a node the next events for a receiver, and keeps the others from it. Also when Redis is at maxmemory: what is delivered gives memory back.
-- KEYS[1]  fanout:{$webhooks}:sender:<name>  string with a time to live: the node that sends to the receiver
-- KEYS[2]  fanout:{$webhooks}:state:<name>   hash: attempts, refused, last, retryAt, since, error, errorAt, sent, dead, lost
-- KEYS[3]  fanout:{$webhooks}:cursors        hash: receiver -> number of the last event that it is done with
-- KEYS[4]  fanout:{$webhooks}:seen           sorted set: receiver -> when a node asked for it, in ms of Redis's clock
-- KEYS[5]  fanout:{$webhooks}:events         stream: entry <number>-0, fields t, r, e, to
-- KEYS[6]  fanout:{$webhooks}:seq            string: the last event's number
-- ARGV[1]  who asks
-- ARGV[2]  so long it keeps the others away, ms
-- ARGV[3]  receiver
-- ARGV[4]  most events
-- Returns  { 'held' } or { 'wait', ms } or { 'ready', cursor, attempts, refused, lost, entry, ... }
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return { 'held' }
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[4], now, ARGV[3])
local last = tonumber(redis.call('GET', KEYS[6]) or 0)
local cursor = redis.call('HGET', KEYS[3], ARGV[3])
if cursor then
  cursor = tonumber(cursor)
else
  -- A receiver that nobody knew begins with what happens from now on.
  cursor = last
  redis.call('HSET', KEYS[3], ARGV[3], cursor)
end
if cursor > last then
  -- Redis lost entries, and the count began again.
  cursor = 0
  redis.call('HSET', KEYS[3], ARGV[3], cursor)
  redis.call('HDEL', KEYS[2], 'attempts', 'refused', 'last', 'retryAt')
end
local state = redis.call('HMGET', KEYS[2], 'retryAt', 'attempts', 'refused', 'last')
local wait = tonumber(state[1] or 0) - now
if wait > 0 then
  return { 'wait', wait }
end
local from = string.format('%.0f-0', cursor + 1)
local attempts, refused = tonumber(state[2] or 0), tonumber(state[3] or 0)
local entries = {}
if attempts > 0 and state[4] then
  -- What was tried before, and nothing that has come since: that would count as tried as often.
  entries = redis.call('XRANGE', KEYS[5], from, state[4] .. '-0', 'COUNT', ARGV[4])
end
if not entries[1] then
  if attempts > 0 and state[4] then
    -- It has fallen out of the queue.
    redis.call('HDEL', KEYS[2], 'attempts', 'refused', 'last')
    attempts, refused = 0, 0
  end
  entries = redis.call('XRANGE', KEYS[5], from, '+', 'COUNT', ARGV[4])
end
local lost = 0
if entries[1] then
  lost = tonumber(string.match(entries[1][1], '^%d+')) - cursor - 1
end
if lost > 0 then
  cursor = cursor + lost
  redis.call('HSET', KEYS[3], ARGV[3], cursor)
  redis.call('HINCRBY', KEYS[2], 'lost', lost)
end
local reply = { 'ready', cursor, attempts, refused, lost }
for _, entry in ipairs(entries) do
  reply[#reply + 1] = entry
end
return reply
