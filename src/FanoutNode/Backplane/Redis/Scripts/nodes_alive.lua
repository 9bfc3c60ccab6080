-- Lists nodes whose lease holds.
-- KEYS[1]  fanout:nodes                      sorted set: node id -> time of its last beat, in ms
-- ARGV[1]  expiry in ms
-- Returns  { node id, ... }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], now - ARGV[1], '+inf')
