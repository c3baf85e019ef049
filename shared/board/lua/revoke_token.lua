-- Forget a token, and end its sessions. Argument: id. Returns its fields, none for no such token.
local id = ARGV[2]
local fields = redis.call('HGETALL', key('token', id))
even_when_full()
for _, digest in ipairs(redis.call('ZRANGE', key('sessions', id), 0, -1)) do
  redis.call('DEL', key('session', digest))
end
redis.call('DEL', key('sessions', id))
local names = redis.call('HGETALL', key('token_names'))
for position = 2, #names, 2 do
  if names[position] == id then
    redis.call('HDEL', key('token_names'), names[position - 1])
  end
end
redis.call('DEL', key('token', id))
return fields
