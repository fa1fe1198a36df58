"""pymacaroons: issue KEYHEX ID CAVEAT..., attenuate CAVEAT... <token, verify KEYHEX <token (exit 0 or 6)."""
import sys

from pymacaroons import MACAROON_V2, Macaroon, Verifier
from pymacaroons.exceptions import MacaroonInvalidSignatureException


def main(action, *arguments):
    if action == "issue":
        macaroon = Macaroon(location="", identifier=arguments[1], key=bytes.fromhex(arguments[0]), version=MACAROON_V2)
        arguments = arguments[2:]
    else:
        macaroon = Macaroon.deserialize(sys.stdin.read().strip())
    if action == "verify":
        verifier = Verifier()
        verifier.satisfy_general(lambda predicate: True)
        try:
            verifier.verify(macaroon, bytes.fromhex(arguments[0]))
        except MacaroonInvalidSignatureException:
            print("bad signature")
            return 6
        print("verified")
        return 0
    for caveat in arguments:
        macaroon.add_first_party_caveat(caveat)
    print(macaroon.serialize())
    return 0


sys.exit(main(*sys.argv[1:]))
