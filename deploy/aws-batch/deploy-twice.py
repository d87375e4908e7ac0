#!/usr/bin/env python3
"""Deploys kiln.yaml twice in one account and region and once in another, in moto's CloudFormation, AWS Batch and IAM.

deploy-twice.py   needs moto: pip install 'moto[all]'

moto differs from AWS in three ways, which this script works around: compute environments must name a service role,
a reference to a list parameter gives its text, and no such service role exists.
"""
import os
import pathlib

import boto3
from moto import mock_aws

for variable in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
    os.environ[variable] = "simulated"
template = (pathlib.Path(__file__).parent / "kiln.yaml").read_text()
for before, after in {
    "      Type: MANAGED\n": "      Type: MANAGED\n      ServiceRole: arn:aws:iam::123456789012:role/batch\n",
    "          Ref: InstanceTypes\n": "          - g6e.xlarge\n",
    "          Ref: Subnets\n": "          - SUBNET\n",
    "          Ref: SecurityGroups\n": "          - GROUP\n",
}.items():
    assert before in template, before
    template = template.replace(before, after)

with mock_aws():
    boto3.client("iam", "us-east-1").create_role(RoleName="batch", AssumeRolePolicyDocument="{}")
    outputs = {}
    for region, stack in (("us-west-2", "kiln"), ("us-west-2", "kiln-two"), ("eu-central-1", "kiln")):
        ec2 = boto3.client("ec2", region)
        subnet = ec2.describe_subnets()["Subnets"][0]["SubnetId"]
        group = ec2.describe_security_groups()["SecurityGroups"][0]["GroupId"]
        parameters = {"Bucket": "my-bucket", "Subnets": subnet, "SecurityGroups": group}
        cloudformation = boto3.client("cloudformation", region)
        cloudformation.create_stack(
            StackName=stack,
            TemplateBody=template.replace("SUBNET", subnet).replace("GROUP", group),
            Capabilities=["CAPABILITY_IAM"],
            Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in parameters.items()],
        )
        found = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        assert found["StackStatus"] == "CREATE_COMPLETE", found
        outputs[region, stack] = {o["OutputKey"]: o["OutputValue"] for o in found["Outputs"]}
        print(region, stack, found["StackStatus"], outputs[region, stack])
    for region, stacks in (("us-west-2", ("kiln", "kiln-two")), ("eu-central-1", ("kiln",))):
        batch = boto3.client("batch", region)
        queues = {q["jobQueueName"]: q["state"] for q in batch.describe_job_queues()["jobQueues"]}
        expected = {f"{stack}-{kind}" for stack in stacks for kind in ("spot", "on-demand")}
        assert set(queues) == expected and set(queues.values()) == {"ENABLED"}, queues
    roles = [values["JobRole"] for values in outputs.values()]
    assert len(set(roles)) == len(roles), roles
    print("3 stacks, 6 queues, no name in use twice")
