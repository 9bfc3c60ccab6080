-- Lists marks that are due, to one node at a time.
-- KEYS[1]  fanout:{$webhooks}:collector      string with a time to live: the node that collects
-- KEYS[2]  fanout:{$webhooks}:due            sorted set: mark -> when it is due, in us of Redis's clock
-- ARGV[1]  who asks
-- ARGV[2]  so long it keeps the others from collecting, ms
-- ARGV[3]  most marks to return
-- Returns  { 'held' } or { 'ours', mark, when, ... }
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return { 'held' }
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000000 + time[2])
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[3])
table.insert(due, 1, 'ours')
return due
