"""pymacaroons: issue KEYHEX ID CAVEAT..., attenuate CAVEAT... <token, verify KEYHEX <token (exit 0 or 6), compare <lines."""
import sys

from compare import compare
from pymacaroons import MACAROON_V2, Macaroon, Verifier
from pymacaroons.exceptions import MacaroonInvalidSignatureException


def extend(text, caveats):
    macaroon = Macaroon.deserialize(text)
    for caveat in caveats:
        macaroon.add_first_party_caveat(caveat)
    return macaroon.serialize()


def verifies(text, key):
    verifier = Verifier()
    verifier.satisfy_general(lambda predicate: True)
    try:
        macaroon = Macaroon.deserialize(text)
    except Exception:  # its reader raises that itself, and whatever it stumbles over
        return False
    try:
        return verifier.verify(macaroon, key)
    except (MacaroonInvalidSignatureException, UnicodeDecodeError):
        return False


def main(action, *arguments):
    if action == "compare":
        return compare(extend, verifies)
    if action == "issue":
        macaroon = Macaroon(location="", identifier=arguments[1], key=bytes.fromhex(arguments[0]), version=MACAROON_V2)
        print(extend(macaroon.serialize(), arguments[2:]))
        return 0
    text = sys.stdin.read().strip()
    if action == "attenuate":
        print(extend(text, arguments))
        return 0
    good = verifies(text, bytes.fromhex(arguments[0]))
    print("verified" if good else "bad signature")
    return 0 if good else 6


sys.exit(main(*sys.argv[1:]))
