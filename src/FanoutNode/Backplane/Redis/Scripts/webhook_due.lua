#!lua flags=allow-oom
-- Lists marks that are due, to one node at a time. Also when Redis is at maxmemory: it adds a key and a field for each receiver, and what leaves rooms
-- then is told.
-- KEYS[1]  fanout:{$webhooks}:collector      string with a time to live: the node that collects
-- KEYS[2]  fanout:{$webhooks}:due            sorted set: mark -> when it is due, in us of Redis's clock
-- KEYS[3]  fanout:{$webhooks}:cursors        hash: receiver -> number of the last event that it is done with
-- KEYS[4]  fanout:{$webhooks}:seq            string: the last event's number
-- ARGV[1]  who asks
-- ARGV[2]  so long it keeps the others from collecting, ms
-- ARGV[3]  most marks to return
-- ARGV     behind it the receivers: one that is new begins here, before anything that is found now
-- Returns  { 'held' } or { 'ours', mark, when, ... }
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return { 'held' }
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
for i = 4, #ARGV do
  redis.call('HSETNX', KEYS[3], ARGV[i], redis.call('GET', KEYS[4]) or 0)
end
local time = redis.call('TIME')
local now = string.format('%.0f', time[1] * 1000000 + time[2])
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now, 'WITHSCORES', 'LIMIT', 0, ARGV[3])
table.insert(due, 1, 'ours')
return due
