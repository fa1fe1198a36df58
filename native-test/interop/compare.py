"""What both Python libraries do with macaroons that credfs made, line by line; see PeerLibrariesTest.

A line of stdin is: key in hex, a macaroon, further caveats in hex with commas between, the macaroon with them, the same
with one bit of it flipped, another key in hex.
"""
import sys


def compare(extend, verifies):
    """Exit status 0 and the number of lines, or 1 and the first line that came out otherwise.

    extend(text, caveats) gives the text of the macaroon with those caveats; verifies(text, key) says whether the chain holds,
    also False for what cannot be read.
    """
    count = 0
    for line in sys.stdin:
        key, before, caveats, after, flipped, other = line.split()
        key = bytes.fromhex(key)
        theirs = extend(before, [bytes.fromhex(caveat).decode() for caveat in caveats.split(",")])
        wrong = ("makes another macaroon: " + theirs if theirs != after
                 else "does not verify" if not verifies(after, key)
                 else "verifies a flipped bit" if verifies(flipped, key)
                 else "verifies with another key" if verifies(after, bytes.fromhex(other))
                 else "")
        if wrong:
            print(f"{wrong}: {line}")
            return 1
        count += 1
    print(count)
    return 0
