--[[
For /etc/rspamd/rspamd.local.lua: asks spamd-trust about each message and takes over its score, above or below
zero, as the symbol SPAMD_TRUST with the rules as its options.

rspamd sees messages without the Received field of the mail server, and keeps its own results about DKIM
to itself until the end. So this writes on top what the mail server and rspamd know: envelope,
results, Received. Whatever the sender wrote himself stands below and counts for nothing. In local.cf:

  authres_trusted_authserv mx.example.org     the name below
  recipient_headers X-Envelope-To
]]

local authserv = "mx.example.org"
local place = { host = "127.0.0.1", port = 783, timeout = 10 }

local logger = require "rspamd_logger"
local tcp = require "rspamd_tcp"

-- What is written there comes from outside: only what nobody can take for more than an address or a name.
local function plain(text, pattern)
  return text and #text < 256 and text:match("^" .. pattern .. "$")
end

local function address(found)
  return plain(found and found.addr, "[%w.!#$%%&'*+/=?^_`{|}~-]+@[%w.-]+")
end

local function envelope(task)
  local lines, recipients = {}, {}
  local from = task:get_from("smtp")

  table.insert(lines, "Return-Path: <" .. (address(from and from[1]) or "") .. ">")
  for _, recipient in ipairs(task:get_recipients("smtp") or {}) do
    table.insert(recipients, address(recipient))
  end
  if #recipients > 0 then
    table.insert(lines, "X-Envelope-To: " .. table.concat(recipients, ",\r\n\t"))
  end
  return lines
end

local function results(task)
  local passed = {}
  local symbol = task:get_symbol("R_DKIM_ALLOW")

  for _, option in ipairs(symbol and symbol[1].options or {}) do
    local domain, selector = option:match("^([%w._-]+):s=([%w._-]+)$")
    if domain then
      table.insert(passed, "dkim=pass header.d=" .. domain .. " header.s=" .. selector)
    end
  end
  if #passed == 0 then
    passed = { "none" }
  end
  return "Authentication-Results: " .. authserv .. ";\r\n\t" .. table.concat(passed, ";\r\n\t")
end

local function received(task)
  local ip = task:get_from_ip()
  local helo = plain(task:get_helo(), "[%w._-]+") or "unknown"
  local client = "unknown"

  if ip and ip:is_valid() then
    client = "[" .. (ip:get_version() == 6 and "IPv6:" or "") .. ip:to_string() .. "]"
  end
  return "Received: from " .. helo .. " (" .. client .. ") by " .. authserv .. " with ESMTP; " ..
      os.date("!%a, %d %b %Y %H:%M:%S +0000")
end

local function take_over(task, answer)
  local score = answer:match("^SPAMD/%S+ 0 .-\r\nSpam: %a+ ; (%-?[%d.]+) / ")
  local rules = {}

  if not tonumber(score) then
    logger.errx(task, "spamd-trust: %s", answer:match("^[^\r\n]*"))
    return
  end
  for rule in (answer:match("\r\n\r\n(.*)") or ""):gmatch("[%w_]+") do
    table.insert(rules, rule)
  end
  task:insert_result("SPAMD_TRUST", tonumber(score), rules)
end

local function ask(task)
  local lines = envelope(task)
  local content = task:get_content()

  table.insert(lines, results(task))
  table.insert(lines, received(task))
  local top = table.concat(lines, "\r\n") .. "\r\n"
  tcp.request({
    task = task,
    host = place.host,
    port = place.port,
    timeout = place.timeout,
    data = {
      "SYMBOLS SPAMC/1.5\r\nContent-length: " .. (#top + #content) .. "\r\n\r\n", top, content,
    },
    callback = function(err, data)
      if err then
        logger.errx(task, "spamd-trust: %s", err)
      else
        take_over(task, tostring(data))
      end
    end,
  })
end

rspamd_config:register_symbol({
  name = "SPAMD_TRUST",
  description = "Score of spamd-trust",
  group = "spamd_trust",
  score = 1.0,
  callback = ask,
})
rspamd_config:register_dependency("SPAMD_TRUST", "DKIM_CHECK")
