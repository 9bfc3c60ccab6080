#!lua flags=allow-oom
-- Renews a node's lease in Redis's own clock, so that nodes with different clocks agree on who is alive. Also when
-- Redis is at maxmemory: a lease that lapsed for that would cost a living node its members.
-- KEYS[1]  fanout:nodes                      sorted set: node id -> time of its last beat, in ms
-- ARGV[1]  node id
-- Returns  { now in ms, time of this node's beat before, or -1 if it had none, microseconds of now beyond the ms }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local before = redis.call('ZSCORE', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[1], now, ARGV[1])
return { now, before and tonumber(before) or -1, time[2] % 1000 }
