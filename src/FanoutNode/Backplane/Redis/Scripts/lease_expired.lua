-- Lists nodes whose lease has run out.
-- KEYS[1]  fanout:nodes                      sorted set: node id -> time of its last beat, in ms
-- ARGV[1]  expiry in ms
-- ARGV[2]  most ids to return
-- Returns  { node id, ... }, the oldest first
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', '(' .. (now - ARGV[1]), 'LIMIT', 0, ARGV[2])
