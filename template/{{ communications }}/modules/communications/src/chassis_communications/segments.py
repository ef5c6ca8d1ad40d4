"""How many SMS a text is: providers bill each of them."""

BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
DOUBLE = frozenset("^{}\\[~]|€\f")
"""They take two places, and turn the text into no other alphabet."""


def segments_of(text: str) -> int:
    """Count them: 160 places fit into one and 153 into each of several, 70 and 67 of any other alphabet."""
    if BASIC.issuperset(set(text) - DOUBLE):
        places, one, each = len(text) + sum(sign in DOUBLE for sign in text), 160, 153
    else:
        places, one, each = len(text.encode("utf-16-be")) // 2, 70, 67
    return 1 if places <= one else -(-places // each)
