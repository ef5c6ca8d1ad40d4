"""Make a key by which push services of browsers know this system: ``make push-key``."""

import sys

from cryptography.hazmat.primitives.asymmetric import ec

from chassis_realtime.push.providers.vapid import shown, written


def main() -> None:
    """Print a new key, as two lines of .env."""
    key = ec.generate_private_key(ec.SECP256R1())
    sys.stdout.write(f"PUSH_VAPID_KEY={written(key)}\nPUSH_VAPID_PUBLIC_KEY={shown(key)}\n")


if __name__ == "__main__":
    main()
