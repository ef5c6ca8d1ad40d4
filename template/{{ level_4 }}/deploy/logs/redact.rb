# Takes out of a log line what must not be kept. The services write nothing of it; this is for what
# other programs write, and for the day on which somebody makes a mistake.

PATTERNS = [
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/, "[token]"],
  [/\b(bearer) +[\w+\/=.~-]{8,}/i, '\1 [credentials]'],
  [/\b(basic) +(?=[\w+\/]*(?:[\d+\/=]|(?-i:[a-z][A-Z])))[\w+\/]{6,}={0,2}/i, '\1 [credentials]'],
  [/(:\/\/)[^\s\/]+@/, '\1[credentials]@'],
  [/\b([\w-]*(?:password|passwd|secret|token|api_?key)[\w-]*["']?\s*[=:]\s*)(?!["']?\[)("[^"]*"|'[^']*'|[^\s,;&"'}]+)/i, '\1[secret]'],
  [/[\w.%+-]+@[\w-]+(?:\.[\w-]+)+/, "[e-mail]"],
  [/\b[A-Z]{2}\d{2}(?: ?[A-Z\d]{4}){2,7}(?: ?[A-Z\d]{1,4})?\b/, "[account]"],
].freeze
CARD = /(?<![\w.-])\d(?:[ -]?\d){12,18}(?![\w.-]*\d)/
# Of the line as it came; what else there is, is Filebeat's.
PARTS = ["message", "line", "log", "service", "http"].freeze

def register(_parameters); end

def filter(event)
  PARTS.each do |part|
    event.set(part, redacted(event.get(part))) if event.get(part)
  end
  [event]
rescue StandardError => error
  # Rather nothing than all of it.
  PARTS.each { |part| event.remove(part) }
  event.set("message", "a line that could not be read: #{error.class}")
  [event]
end

def redacted(value)
  case value
  when Hash then value.to_h { |key, inner| [key, redacted(inner)] }
  when Array then value.map { |inner| redacted(inner) }
  when String then without_cards(PATTERNS.reduce(value) { |text, (found, put)| text.gsub(found, put) })
  else value
  end
end

def without_cards(text)
  text.gsub(CARD) { |number| card?(number) ? "[card]" : number }
end

# The check digit of ISO/IEC 7812: so that a number of another kind stays.
def card?(number)
  digits = number.delete("^0-9").reverse.chars.map(&:to_i)
  sum = digits.each_with_index.sum { |digit, place| place.odd? ? (digit * 2).digits.sum : digit }
  (sum % 10).zero?
end
