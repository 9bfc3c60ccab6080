#!lua flags=allow-oom
-- Moves a receiver on behind events that are delivered or given up, and lets go of what no receiver needs any more. Also
-- when Redis is at maxmemory.
-- KEYS[1]  fanout:{$webhooks}:sender:<name>  string with a time to live: the node that sends to the receiver
-- KEYS[2]  fanout:{$webhooks}:state:<name>   hash: attempts, refused, last, retryAt, since, error, errorAt, sent, dead, lost
-- KEYS[3]  fanout:{$webhooks}:cursors        hash: receiver -> number of the last event that it is done with
-- KEYS[4]  fanout:{$webhooks}:seen           sorted set: receiver -> when a node asked for it, in ms of Redis's clock
-- KEYS[5]  fanout:{$webhooks}:events         stream: entry <number>-0
-- KEYS[6]  fanout:{$webhooks}:dead           stream: fields to, t, r, e, n (attempts), w (why)
-- ARGV[1]  who sends
-- ARGV[2]  receiver
-- ARGV[3]  its cursor before
-- ARGV[4]  its cursor now
-- ARGV[5]  how many events were delivered
-- ARGV[6]  most dead letters to keep
-- ARGV[7]  a receiver that no node has asked for in so many ms is forgotten
-- ARGV[8]  how often they were tried
-- ARGV[9]  why they are given up
-- ARGV     behind it triples of those that are: type, room, event
-- Returns  1, or 0 if another node has taken over
if redis.call('GET', KEYS[1]) ~= ARGV[1] or tonumber(redis.call('HGET', KEYS[3], ARGV[2]) or -1) ~= tonumber(ARGV[3]) then
  return 0
end
redis.call('HSET', KEYS[3], ARGV[2], ARGV[4])
redis.call('HDEL', KEYS[2], 'attempts', 'refused', 'last', 'retryAt', 'since')
redis.call('HINCRBY', KEYS[2], 'sent', ARGV[5])
for i = 10, #ARGV, 3 do
  redis.call('XADD', KEYS[6], 'MAXLEN', '=', ARGV[6], '*', 'to', ARGV[2], 't', ARGV[i], 'r', ARGV[i + 1], 'e', ARGV[i + 2], 'n', ARGV[8], 'w', ARGV[9])
  redis.call('HINCRBY', KEYS[2], 'dead', 1)
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if #ARGV >= 10 then
  redis.call('HSET', KEYS[2], 'error', ARGV[9], 'errorAt', now)
end
for _, name in ipairs(redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now - ARGV[7])) do
  redis.call('HDEL', KEYS[3], name)
  redis.call('ZREM', KEYS[4], name)
end
local least
for _, cursor in ipairs(redis.call('HVALS', KEYS[3])) do
  least = math.min(least or tonumber(cursor), tonumber(cursor))
end
redis.call('XTRIM', KEYS[5], 'MINID', '=', string.format('%.0f-0', least + 1))
return 1
