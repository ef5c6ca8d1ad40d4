"""A chat in the browser, for `make dev`."""

PAGE = """\
<!doctype html>
<meta charset="utf-8">
<title>Chat</title>
<style>
  body { font: 16px/1.4 sans-serif; max-width: 40rem; margin: 1rem auto; padding: 0 1rem }
  #log p { white-space: pre-wrap; overflow-wrap: anywhere; margin: .5rem 0; padding: .5rem .75rem;
           border-radius: .5rem; background: #eee }
  #log p.own { background: #dcf0ff; margin-left: 20% }
  form { display: flex; gap: .5rem; position: sticky; bottom: 0; background: #fff; padding: .5rem 0 }
  textarea { flex: 1; font: inherit }
</style>
<div id="log"></div>
<form><textarea rows="1" autofocus placeholder="/help"></textarea><button>Send</button></form>
<script>
  const chat = location.hash.slice(1) || "7", log = document.querySelector("#log");
  const form = document.querySelector("form"), field = document.querySelector("textarea");
  let shown = "";
  const post = (what, body) => fetch(`chats/${chat}/${what}`,
    { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  const part = (message) => {
    const p = document.createElement("p");
    p.className = message.from.is_bot ? "" : "own";
    p.textContent = message.text ?? "";
    for (const row of message.reply_markup?.inline_keyboard ?? []) {
      p.append(document.createElement("br"));
      for (const { text, callback_data: data } of row) {
        const button = document.createElement("button");
        button.textContent = text;
        button.onclick = () => post("buttons", { message_id: message.message_id, data });
        p.append(button, " ");
      }
    }
    return p;
  };
  const show = async () => {
    const text = await (await fetch(`chats/${chat}`)).text();
    if (text !== shown) {
      log.replaceChildren(...JSON.parse(text).map(part));
      scrollTo(0, document.body.scrollHeight);
      shown = text;
    }
  };
  form.onsubmit = (event) => {
    event.preventDefault();
    if (field.value.trim()) post("texts", { text: field.value });
    field.value = "";
  };
  field.onkeydown = (event) => {
    if (event.key === "Enter" && !event.shiftKey) { event.preventDefault(); form.requestSubmit(); }
  };
  setInterval(show, 500);
</script>
"""
