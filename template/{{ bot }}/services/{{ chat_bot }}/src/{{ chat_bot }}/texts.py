"""What the bot says, by the language of whoever it speaks to."""

from chassis_bot.texts import Texts

# Another language is another line, `"de": Texts(start="Hallo! ...")`; `names` says what the fields
# are called. Who speaks none of them is answered in English.
LANGUAGES: dict[str, Texts] = {
    "en": Texts(),
}
