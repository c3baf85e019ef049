-- Forget what was asked under a key. Arguments: the key, what was asked; something else stays.
local asked = key('asked', ARGV[2])
if redis.call('GET', asked) == ARGV[3] then
  redis.call('DEL', asked)
end
