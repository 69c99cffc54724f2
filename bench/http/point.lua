-- Point queries for wrk: « ?o » of one subject and one property, as data in a file give them, one pair on each line.
-- Arguments: « distinct » (every query of a run is another one), « same » (64 of them, again and again) or « plain » (no
-- query at all: the address as it is); the media type asked for; the number of threads; the file; a mark that makes the
-- queries of this run unlike those of any other.
local threads = 0

function setup(thread)
  thread:set("number", threads)
  threads = threads + 1
end

local function encoded(text)
  return (text:gsub("[^%w%-%._~]", function(c) return string.format("%%%02X", c:byte()) end))
end

function init(arguments)
  local mode, media_type, stride_text, file
  mode, media_type, stride_text, file, mark = unpack(arguments)
  headers = { ["Accept"] = media_type }
  if mode == "plain" then
    plain = wrk.format("GET", wrk.path, headers)
    return
  end
  same, stride, path, at = mode == "same", tonumber(stride_text), wrk.path, number
  known = {}
  for line in io.lines(file) do
    local subject, property = line:match("^(%S+) (%S+)$")
    known[#known + 1] = encoded("<" .. subject .. "> <" .. property .. ">")
  end
end

function request()
  if plain then return plain end
  local place = same and at % 64 or at
  local variable = encoded("?o" .. mark .. "x" .. math.floor(place / #known))
  at = at + stride
  return wrk.format("GET", path .. "?query=SELECT%20" .. variable .. "%20WHERE%20%7B%20" .. known[place % #known + 1]
    .. "%20" .. variable .. "%20%7D", headers)
end

function done(summary, latency, _)
  local e = summary.errors
  io.write(string.format(
    "\n{\"requests\": %d, \"seconds\": %.3f, \"failed\": %d, \"p50\": %.3f, \"p95\": %.3f, \"p99\": %.3f}\n",
    summary.requests, summary.duration / 1e6, e.connect + e.read + e.write + e.status + e.timeout,
    latency:percentile(50) / 1000, latency:percentile(95) / 1000, latency:percentile(99) / 1000))
end
