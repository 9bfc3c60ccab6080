#!lua flags=allow-oom
-- Claims a dead node, for a while, so that one reaper works on it. Also when Redis is at maxmemory: reaping gives memory back.
-- KEYS[1]  fanout:node:<id>:claim            string with a time to live: who is reaping the node
-- ARGV[1]  id of the node that claims
-- ARGV[2]  the claim's time to live, ms
-- Returns  1 if it got the claim
return redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2]) and 1 or 0
