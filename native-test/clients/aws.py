"""aws.py FILE [ENDPOINT]: with botocore and the credentials of its surroundings, puts FILE as it is and as a stream, and reads
both back; then asks with a URL that is signed beforehand, which is refused. At Amazon's own endpoint, if no other is given."""
import sys
import urllib.error
import urllib.request

import botocore.session
from botocore.config import Config

file, endpoint = (sys.argv[1:] + [None])[:2]
s3 = botocore.session.get_session().create_client(
    "s3", "eu-west-1", endpoint_url=endpoint, config=Config(s3={"addressing_style": "path"}, signature_version="s3v4")
)
with open(file, "rb") as stream:
    content = stream.read()
with open(file, "rb") as stream:
    for key, body in ("python/as it is", content), ("python/as+a=stream", stream):
        s3.put_object(Bucket="bucket", Key=key, Body=body)
        if s3.get_object(Bucket="bucket", Key=key)["Body"].read() != content:
            sys.exit("another content of " + key)
try:
    urllib.request.urlopen(s3.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "python/as it is"}))
    sys.exit("a presigned URL was answered")
except urllib.error.HTTPError as e:
    if e.code != 400 or b"a presigned URL" not in e.read():
        sys.exit("a presigned URL was answered %d" % e.code)
