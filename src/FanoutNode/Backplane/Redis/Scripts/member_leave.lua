#!lua flags=allow-oom
-- Takes a connection out of a presence room: member, info, user count and the notice in one step, so that a repeat says nothing twice.
-- Also when Redis is at maxmemory: it gives memory back.
-- KEYS[1]  fanout:{room}:members             set: <node id>/<client id>
-- KEYS[2]  fanout:{room}:info                hash: client id -> info
-- KEYS[3]  fanout:{room}:users               hash: user -> connections of it in the room
-- KEYS[4]  fanout:{room}:leaving             hash: user -> member entry whose connection was lost a moment ago
-- ARGV[1]  the room's channel
-- ARGV[2]  member entry
-- ARGV[3]  client id
-- ARGV[4]  user, or ''
-- ARGV[5]  notice for the members, as JSON
-- Returns  1 if the connection was in the room
if redis.call('SREM', KEYS[1], ARGV[2]) == 0 then
  return 0
end
redis.call('HDEL', KEYS[2], ARGV[3])
if ARGV[4] ~= '' then
  if redis.call('HGET', KEYS[4], ARGV[4]) == ARGV[2] then
    redis.call('HDEL', KEYS[4], ARGV[4])
  end
  if redis.call('HINCRBY', KEYS[3], ARGV[4], -1) <= 0 then
    redis.call('HDEL', KEYS[3], ARGV[4])
  end
end
redis.call('PUBLISH', ARGV[1], '\5' .. ARGV[5])
return 1
