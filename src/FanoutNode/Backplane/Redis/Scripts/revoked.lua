-- Lists the users that are kept out.
-- KEYS[1]  fanout:revoked                    sorted set: user -> end, in ms of Redis's clock
-- Returns  { now, user, end, user, end, ... }
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local reply = redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. now, '+inf', 'WITHSCORES')
table.insert(reply, 1, now)
return reply
