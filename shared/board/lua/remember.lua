-- Remember what was asked under a key, unless something is remembered under it. Arguments: the
-- key, what was asked, for how long in ms. Returns what is remembered.
local asked = key('asked', ARGV[2])
local known = redis.call('GET', asked)
if known then
  return known
end
redis.call('SET', asked, ARGV[3], 'PX', ARGV[4])
return ARGV[3]
