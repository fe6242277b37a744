-- What the scripts share: a model's state, and its three buckets as they are now.
-- Times are seconds of this server's clock. A time in the past means "no longer"; a missing one, "never".
local STATE, QUEUE, DUE = KEYS[1], KEYS[2], KEYS[3]
local KEEP_SECONDS = 7200
local BURST_SECONDS = 0.5
local NAMES = {'requests', 'input_tokens', 'output_tokens'}

local asked = cjson.decode(ARGV[1])
local clock = redis.call('TIME')
local now = clock[1] + clock[2] / 1000000

local state = {}
local stored = redis.call('HGETALL', STATE)
for i = 1, #stored, 2 do state[stored[i]] = tonumber(stored[i + 1]) end

local function seconds_left(name)
  return math.max(0, (state[name] or 0) - now)
end

-- A bucket refills all the time. It holds half a second's worth: the provider may enforce 60 a minute as one a second, and what
-- leaves evenly can still arrive in bunches.
local function bucket(name)
  local limit, told = asked.limits[name], state['limit:' .. name]
  local is_told = told ~= nil and seconds_left('told_until') > 0 and not (asked.is_explicit and told > limit)
  if is_told then limit = told end
  local rate = limit * asked.share / 60
  local size = math.max(1, BURST_SECONDS * rate)
  local gained = math.max(0, now - (state.at or now)) * rate
  local level = math.min(size, (state['level:' .. name] or size) + gained)
  return {limit = limit, is_from_headers = is_told, rate = rate, size = size, level = level}
end

local buckets = {}
for _, name in ipairs(NAMES) do buckets[name] = bucket(name) end

local function save()
  state.at = now
  for name, each in pairs(buckets) do state['level:' .. name] = each.level end
  local fields = {}
  for name, value in pairs(state) do
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  redis.call('HSET', STATE, unpack(fields))
  redis.call('EXPIRE', STATE, KEEP_SECONDS)
end
