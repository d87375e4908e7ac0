"""What `rehearse` asks of the services that moto stands in for: rehearse.py ENDPOINT STEP."""

import json
import pathlib
import re
import sys
import time
import urllib.request

import boto3

endpoint, step = sys.argv[1:3]
s3 = boto3.client("s3", endpoint_url=endpoint)
batch = boto3.client("batch", endpoint_url=endpoint)

# Every so many scenes, one is damaged, each in another way.
DAMAGED_EVERY = 23
DAMAGES = [lambda body: b"not an image", lambda body: body[: len(body) // 2], lambda body: b"", lambda body: None]


def scenes():
    return pathlib.Path("scenes.txt").read_text().split()


def damaged():
    return scenes()[DAMAGED_EVERY // 2 :: DAMAGED_EVERY]


def key_of_copy(key, copy):
    """The key of a scene in another block: copies have the pixels of the same file."""
    return re.sub(r"/(\d{5})/m_\d{5}", lambda block: "/{0:05d}/m_{0:05d}".format(int(block[1]) + 100 * copy), key)


def repeat(count):
    """Lengthens the list of scenes with copies to so many."""
    files = scenes()
    keys = [key_of_copy(files[i % len(files)], i // len(files)) for i in range(count)]
    pathlib.Path("scenes.txt").write_text("\n".join(keys) + "\n")
    pathlib.Path("files.txt").write_text("\n".join(files[i % len(files)] for i in range(count)) + "\n")


def upload(directory, bucket, prefix=""):
    for path in sorted(p for p in pathlib.Path(directory).rglob("*") if p.is_file()):
        s3.put_object(Bucket=bucket, Key=prefix + str(path.relative_to(directory)), Body=path.read_bytes())


def keys(prefix=""):
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket="kiln", Prefix=prefix)
    return [o["Key"] for page in pages for o in page.get("Contents", [])]


def prepare():
    for attempt in range(100):
        try:
            urllib.request.urlopen(endpoint + "/moto-api/").read()
            break
        except OSError:
            time.sleep(0.3)
    # Jobs end at once instead of starting containers.
    config = json.dumps({"batch": {"use_docker": False}}).encode()
    urllib.request.urlopen(urllib.request.Request(endpoint + "/moto-api/config", data=config, method="POST")).read()
    for bucket in ("archive", "kiln"):
        s3.create_bucket(Bucket=bucket)
    damages = {key: DAMAGES[i % len(DAMAGES)] for i, key in enumerate(damaged())}
    for key, file in zip(scenes(), pathlib.Path("files.txt").read_text().split()):
        body = (pathlib.Path("sample/naip-analytic") / file).read_bytes()
        body = damages[key](body) if key in damages else body
        if body is not None:
            s3.put_object(Bucket="archive", Key=key, Body=body)
    upload("model", "kiln", "model/")
    role = boto3.client("iam", endpoint_url=endpoint).create_role(RoleName="batch", AssumeRolePolicyDocument="{}")
    environment = batch.create_compute_environment(
        computeEnvironmentName="kiln", type="UNMANAGED", serviceRole=role["Role"]["Arn"]
    )["computeEnvironmentArn"]
    batch.create_job_queue(
        jobQueueName="kiln", state="ENABLED", priority=1, computeEnvironmentOrder=[{"order": 1, "computeEnvironment": environment}]
    )
    pathlib.Path("prices.yaml").write_text(
        "date: 2026-11-27\nregion: us-east-1\nsource: made up for the rehearsal\n"
        "instances:\n  c7i.4xlarge: {gpus: 0, vcpus: 16, memory: 32, on-demand: 0.8, spot: 0.3}\n"
    )


def submissions():
    return sorted(
        (json.load(s3.get_object(Bucket="kiln", Key=key)["Body"]) for key in keys("clay/_kiln/submissions/")),
        key=lambda submission: submission["created"],
    )


def jobs():
    """Writes the command of the newest submission's job to a file, and prints the job's id."""
    job = submissions()[-1]["jobs"][-1]["jobId"]
    described = batch.describe_jobs(jobs=[job])["jobs"][0]
    pathlib.Path("job-" + job).write_text("\n".join(described["container"]["command"]) + "\n")
    print(job)


def check():
    files = set(keys("clay/"))
    missing = [key for key in scenes() if "clay/" + key.replace(".tif", ".parquet") not in files]
    print(f"{len(scenes()) - len(missing)} of {len(scenes())} files; missing:")
    print("\n".join(missing))
    print("these are the damaged scenes" if missing == damaged() else f"expected these to be missing: {damaged()}")
    sys.exit(0 if missing == damaged() else 1)


if step == "submission":
    print(submissions()[0]["id"])
elif step == "repeat":
    repeat(int(sys.argv[3]))
else:
    {"prepare": prepare, "jobs": jobs, "check": check}[step]()
