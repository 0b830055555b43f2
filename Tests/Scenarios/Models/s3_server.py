"""A real S3 server (moto) that checks signatures, with a bucket named `data` and one user who may read and write it.

Prints {"url", "access_key", "secret_key"}; then each line "PUT KEY PATH" of standard input stores a file, answered by "ok". Ends with its input.
"""

import json
import os
import sys

# Making the user and its rights takes three requests; from then on every request must be signed by somebody who may.
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "3"

import boto3
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
url = "http://127.0.0.1:%d" % server.get_host_and_port()[1]
region = "eu-test-1"


def client(service, access, secret):
    return boto3.client(service, endpoint_url=url, region_name="us-east-1", aws_access_key_id=access, aws_secret_access_key=secret)


iam = client("iam", "root", "root")
iam.create_user(UserName="kedge")
key = iam.create_access_key(UserName="kedge")["AccessKey"]
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.put_user_policy(UserName="kedge", PolicyName="all", PolicyDocument=json.dumps(policy))
s3 = client("s3", key["AccessKeyId"], key["SecretAccessKey"])
s3.create_bucket(Bucket="data")
print(json.dumps({"url": url, "access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}), flush=True)

for line in sys.stdin:
    _, name, path = line.split()
    with open(path, "rb") as file:
        s3.put_object(Bucket="data", Key=name, Body=file.read())
    print("ok", flush=True)
server.stop()
