#!lua flags=allow-oom
-- Takes events that a room has kept over into the queue, if nobody else has looked at the room meanwhile. The mark stays, due again soon, until
-- the room has let go of them. Also when Redis is at maxmemory: the room gives back what the queue takes.
-- KEYS[1]  fanout:{$webhooks}:due            sorted set: mark -> when it is due, in us of Redis's clock
-- KEYS[2]  fanout:{$webhooks}:events         stream: entry <number>-0, fields t (type), r (room), e (event)
-- KEYS[3]  fanout:{$webhooks}:seq            string: the last event's number
-- KEYS     behind them the states of the receivers that want such events: fanout:{$webhooks}:state:<name>, hash: lost, ...
-- ARGV[1]  most events to keep
-- ARGV[2]  the room's mark
-- ARGV[3]  when it was due
-- ARGV[4]  in so many us it is due again
-- ARGV[5]  room
-- ARGV[6]  how many the room has lost before these
-- ARGV     behind it pairs: type, event
-- Returns  when the mark is due now, or '' if somebody else has looked
if redis.call('ZSCORE', KEYS[1], ARGV[2]) ~= ARGV[3] then
  return ''
end
for i = 7, #ARGV, 2 do
  local number = redis.call('INCR', KEYS[3])
  redis.call('XADD', KEYS[2], 'MAXLEN', '=', ARGV[1], string.format('%.0f-0', number), 't', ARGV[i], 'r', ARGV[5], 'e', ARGV[i + 1])
end
if ARGV[6] ~= '0' then
  for i = 4, #KEYS do
    redis.call('HINCRBY', KEYS[i], 'lost', ARGV[6])
  end
end
local time = redis.call('TIME')
redis.call('ZADD', KEYS[1], string.format('%.0f', time[1] * 1000000 + time[2] + ARGV[4]), ARGV[2])
return redis.call('ZSCORE', KEYS[1], ARGV[2])
