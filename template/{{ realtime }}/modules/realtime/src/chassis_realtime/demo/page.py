import html
from collections.abc import Sequence

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}: live</title>
<style>
  body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem }}
  pre {{ background: #f4f4f5; margin: .5rem 0; overflow: auto; padding: .75rem }}
  #state {{ font-weight: 600 }}
</style>
<h1>{title}: live</h1>
<p>
  <label>Audience <select id="audience">{options}</select></label>
  <label>Token, where one is needed <input id="token" size="20" autocomplete="off"></label>
  <button id="connect">Connect</button> <span id="state">not connected</span>
</p>
<p>Change something over the API: it appears here. Stop the API or Redis, and start it again: nothing is missing.</p>
<div id="events"></div>
<script>
  const $ = (id) => document.getElementById(id);
  let socket, last, wait;

  function connect() {{
    clearTimeout(wait);
    const url = new URL(`/api/v1/${{$("audience").value}}/live/socket`, location.href);
    url.protocol = url.protocol.replace("http", "ws");
    if (last) url.searchParams.set("after", last);
    const token = $("token").value.trim();
    const mine = socket = new WebSocket(url, token ? ["bearer", token] : []);
    mine.onopen = () => {{ $("state").textContent = "connected"; }};
    mine.onmessage = ({{ data }}) => show(JSON.parse(data));
    mine.onclose = ({{ code, reason }}) => {{
      if (mine !== socket) return;
      $("state").textContent = `closed (${{code}}${{reason ? ": " + reason : ""}}), tries again`;
      wait = setTimeout(connect, 1000);
    }};
  }}

  function show(message) {{
    last = message.id;
    const line = document.createElement("pre");
    line.textContent = `${{message.event}} ${{message.id}}\\n${{JSON.stringify(message.data, null, 2)}}`;
    $("events").prepend(line);
  }}

  $("connect").onclick = () => {{ last = undefined; socket?.close(); connect(); }};
  connect();
</script>
</html>
"""


def page(title: str, audiences: Sequence[str]) -> str:
    """Write the page."""
    options = "".join(f"<option>{html.escape(name)}</option>" for name in audiences)
    return _PAGE.format(title=html.escape(title), options=options)
