#!lua flags=allow-oom
-- Takes what was seen of rooms over: a room that is occupied now and was not, or the reverse, is an event. What was marked again since
-- somebody looked is left for the next look, so that an old view never overwrites a newer one. Also when Redis is at maxmemory: there are never more events than may be kept, and
-- never more rooms than there are.
-- KEYS[1]  fanout:{$webhooks}:due            sorted set: mark -> when it is due
-- KEYS[2]  fanout:{$webhooks}:occupied       set: rooms that are told to be occupied
-- KEYS[3]  fanout:{$webhooks}:events         stream: entry <number>-0, fields t (type), r (room), e (event), to (receiver, where it is for one alone)
-- KEYS[4]  fanout:{$webhooks}:seq            string: the last event's number
-- ARGV[1]  most events to keep
-- ARGV     behind it groups of six: mark, when it was due, '1' occupied or '0' empty or '' as it is, room, type, event or '' for none
-- Returns  how many events there are more
local added = 0
for i = 2, #ARGV, 6 do
  if redis.call('ZSCORE', KEYS[1], ARGV[i]) == ARGV[i + 1] then
    redis.call('ZREM', KEYS[1], ARGV[i])
    local changed = 0
    if ARGV[i + 2] == '1' then
      changed = redis.call('SADD', KEYS[2], ARGV[i + 3])
    elseif ARGV[i + 2] == '0' then
      changed = redis.call('SREM', KEYS[2], ARGV[i + 3])
    end
    if changed == 1 and ARGV[i + 5] ~= '' then
      local number = redis.call('INCR', KEYS[4])
      redis.call('XADD', KEYS[3], 'MAXLEN', '=', ARGV[1], string.format('%.0f-0', number), 't', ARGV[i + 4], 'r', ARGV[i + 3], 'e', ARGV[i + 5])
      added = added + 1
    end
  end
end
return added
