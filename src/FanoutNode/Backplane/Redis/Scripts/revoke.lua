-- Keeps a user out for a time.
-- KEYS[1]  fanout:revoked                    sorted set: user -> end, in ms of Redis's clock
-- ARGV[1]  user
-- ARGV[2]  duration in ms
-- Returns  the end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], 'GT', now + ARGV[2], ARGV[1])
return redis.call('ZSCORE', KEYS[1], ARGV[1])
