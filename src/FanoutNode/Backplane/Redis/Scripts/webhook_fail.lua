#!lua flags=allow-oom
-- Notes that a receiver did not take its events, and when it is tried again, by whatever node. Also when Redis is at maxmemory.
-- KEYS[1]  fanout:{$webhooks}:sender:<name>  string with a time to live: the node that sends to the receiver
-- KEYS[2]  fanout:{$webhooks}:state:<name>   hash: attempts, refused, last, retryAt, since, error, errorAt, sent, dead, lost
-- ARGV[1]  who sends
-- ARGV[2]  in so many ms it is tried again
-- ARGV[3]  what went wrong
-- ARGV[4]  1 if the receiver refused them for what they are, else 0
-- ARGV[5]  number of the last event of those that were tried: the next try is for them alone
-- Returns  how often it has failed in a row, or 0 if another node has taken over
if redis.call('GET', KEYS[1]) ~= ARGV[1] then
  return 0
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('HSETNX', KEYS[2], 'since', now)
redis.call('HSET', KEYS[2], 'retryAt', now + ARGV[2], 'last', ARGV[5], 'error', ARGV[3], 'errorAt', now)
redis.call('HINCRBY', KEYS[2], 'refused', ARGV[4])
return redis.call('HINCRBY', KEYS[2], 'attempts', 1)
