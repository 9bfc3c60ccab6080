-- Gives a right up that a node holds.
-- KEYS[1]  string with a time to live: who holds it
-- ARGV[1]  who gives it up
-- Returns  1 if it was the holder
return redis.call('GET', KEYS[1]) == ARGV[1] and redis.call('DEL', KEYS[1]) or 0
