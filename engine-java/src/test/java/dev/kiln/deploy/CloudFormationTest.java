package dev.kiln.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Checks the structure of the CloudFormation template, and its permissions against deploy/iam. */
class CloudFormationTest {
  private static final Path DEPLOY = Path.of("../deploy");
  private static final Pattern VARIABLE = Pattern.compile("\\$\\{([^}]+)}");

  /** Attributes for {@code Fn::GetAtt} by resource type. */
  private static final Map<String, Set<String>> ATTRIBUTES =
      Map.of(
          "AWS::IAM::Role", Set.of("Arn", "RoleId"),
          "AWS::Logs::LogGroup", Set.of("Arn"),
          "AWS::IAM::InstanceProfile", Set.of("Arn"),
          "AWS::EC2::LaunchTemplate", Set.of("LatestVersionNumber", "DefaultVersionNumber"),
          "AWS::Batch::JobQueue", Set.of("JobQueueArn"),
          "AWS::Batch::ComputeEnvironment", Set.of("ComputeEnvironmentArn"));

  private static JsonNode template;

  @BeforeAll
  static void read() throws IOException {
    template = new YAMLMapper().readTree(Files.readString(DEPLOY.resolve("aws-batch/kiln.yaml")));
  }

  private static JsonNode properties(String resource) {
    JsonNode found = template.path("Resources").path(resource).path("Properties");
    assertThat(found.isObject()).as(resource).isTrue();
    return found;
  }

  /** Returns every object of a tree. */
  private static List<JsonNode> objects(JsonNode root) {
    List<JsonNode> all = new ArrayList<>();
    if (root.isObject()) {
      all.add(root);
    }
    root.forEach(child -> all.addAll(objects(child)));
    return all;
  }

  @Test
  void everyReferenceHasItsTarget() {
    Set<String> names =
        new TreeSet<>(Set.of("AWS::Region", "AWS::AccountId", "AWS::Partition", "AWS::StackName"));
    names.addAll(template.path("Parameters").propertyNames());
    names.addAll(template.path("Resources").propertyNames());
    Set<String> used = new TreeSet<>();
    for (JsonNode node : objects(template)) {
      if (node.has("Ref")) {
        used.add(node.path("Ref").asString());
      }
      if (node.has("Fn::Sub")) {
        Matcher variable = VARIABLE.matcher(node.path("Fn::Sub").asString());
        while (variable.find()) {
          used.add(variable.group(1));
        }
      }
      if (node.has("Fn::GetAtt")) {
        String resource = node.path("Fn::GetAtt").path(0).asString();
        used.add(resource);
        String type = template.path("Resources").path(resource).path("Type").asString();
        assertThat(ATTRIBUTES.getOrDefault(type, Set.of()))
            .as(resource)
            .contains(node.path("Fn::GetAtt").path(1).asString());
      }
    }
    assertThat(names).containsAll(used);
    for (String parameter : template.path("Parameters").propertyNames()) {
      assertThat(used).as("parameter " + parameter + " is used").contains(parameter);
    }
  }

  /** Returns a value with the names of {@code deploy/iam} in place of the parameters. */
  private static JsonNode resolved(JsonNode node) throws IOException {
    String text =
        node.toString()
            .replaceAll("\\{\"Fn::Sub\":\"([^\"]*)\"}", "\"$1\"")
            .replace("${AWS::Partition}", "aws")
            .replace("${Bucket}", "MY-BUCKET")
            .replace("${Prefix}", "clay");
    return JsonMapper.shared().readTree(text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"read-archives", "write-output", "write-plans"})
  void jobRoleHasThePermissionsOfTheIamFiles(String policy) throws IOException {
    JsonNode expected =
        JsonMapper.shared().readTree(Files.readString(DEPLOY.resolve("iam/" + policy + ".json")));
    JsonNode found = null;
    for (JsonNode one : properties("JobRole").path("Policies")) {
      if (one.path("PolicyName").asString().equals(policy)) {
        found = resolved(one.path("PolicyDocument"));
      }
    }
    assertThat(found).isEqualTo(expected);
    assertThat(properties("JobRole").path("Policies")).hasSize(3);
  }

  @Test
  void onlyContainersCanAssumeTheJobRole() throws IOException {
    assertThat(properties("JobRole").path("AssumeRolePolicyDocument"))
        .isEqualTo(
            JsonMapper.shared()
                .readTree(Files.readString(DEPLOY.resolve("iam/job-role-trust.json"))));
  }

  @Test
  void noPermissionIsAPattern() {
    for (JsonNode node : objects(template)) {
      if (node.has("Effect")) {
        JsonNode actions = node.path("Action");
        List<String> all = new ArrayList<>();
        if (actions.isArray()) {
          actions.forEach(action -> all.add(action.asString()));
        } else {
          all.add(actions.asString());
        }
        assertThat(all).noneMatch(action -> action.contains("*")).doesNotContain("s3:DeleteObject");
        if (node.path("Resource").asString("").equals("*")) {
          assertThat(all).allMatch(action -> action.matches("batch:(Describe|List).*"));
        }
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"SpotMachines", "OnDemandMachines"})
  void instancesHaveGpusAndScratchAndEndWithTheLastJob(String environment) {
    JsonNode instances = properties(environment).path("ComputeResources");
    assertThat(instances.path("MinvCpus").asInt(-1)).isZero();
    assertThat(instances.path("Ec2Configuration").path(0).path("ImageType").asString())
        .endsWith("_NVIDIA");
    assertThat(instances.path("LaunchTemplate").path("LaunchTemplateId").path("Ref").asString())
        .isEqualTo("LaunchTemplate");
    boolean spot = environment.startsWith("Spot");
    assertThat(instances.path("Type").asString()).isEqualTo(spot ? "SPOT" : "EC2");
    assertThat(instances.path("AllocationStrategy").asString())
        .isEqualTo(spot ? "SPOT_PRICE_CAPACITY_OPTIMIZED" : "BEST_FIT_PROGRESSIVE");
  }

  @Test
  void launchTemplateIsMimeMultipart() {
    String data =
        properties("LaunchTemplate")
            .path("LaunchTemplateData")
            .path("UserData")
            .path("Fn::Base64")
            .asString();
    String boundary = "==KILN==";
    assertThat(data)
        .startsWith("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"" + boundary);
    String[] parts = data.split("--" + Pattern.quote(boundary));
    assertThat(parts).hasSize(4);
    assertThat(parts[3].strip()).isEqualTo("--");
    for (int i = 1; i < 3; i++) {
      assertThat(parts[i])
          .startsWith("\nContent-Type: text/x-shellscript")
          .contains("\n\n#!/bin/bash");
    }
    assertThat(data).contains("chmod 1777 /scratch", "ECS_ENABLE_SPOT_INSTANCE_DRAINING=true");
  }

  /** A fixed name would prevent a second stack in the account, or in another region for IAM. */
  @Test
  void noNameIsFixed() {
    Set<String> named = new TreeSet<>();
    for (String resource : template.path("Resources").propertyNames()) {
      JsonNode properties = properties(resource);
      String type = template.path("Resources").path(resource).path("Type").asString();
      for (String property : properties.propertyNames()) {
        if (property.endsWith("Name") && !type.startsWith("AWS::IAM::Policy")) {
          named.add(resource + "." + property);
          assertThat(properties.path(property).path("Fn::Sub").asString())
              .as(resource + "." + property)
              .contains("${AWS::StackName}");
        }
      }
    }
    assertThat(named)
        .containsExactly(
            "LogGroup.LogGroupName", "OnDemandQueue.JobQueueName", "SpotQueue.JobQueueName");
  }

  /** Generated names reach the user through the outputs. */
  @Test
  void outputsAreWhatSubmitNeeds() {
    assertThat(template.path("Outputs").propertyNames())
        .contains("JobRole", "SpotQueue", "OnDemandQueue", "LogGroup", "SubmitterPolicy");
    for (String queue : List.of("SpotQueue", "OnDemandQueue")) {
      assertThat(template.path("Outputs").path(queue).path("Value"))
          .isEqualTo(properties(queue).path("JobQueueName"));
    }
  }

  private static String ofDefaultStack(JsonNode name) {
    return name.path("Fn::Sub").asString().replace("${AWS::StackName}", "kiln");
  }

  @Test
  void namesOfTheDefaultStackAreThoseOfTheOtherFiles() throws IOException {
    assertThat(ofDefaultStack(properties("LogGroup").path("LogGroupName")))
        .isEqualTo("/aws/batch/kiln");
    JsonNode environment =
        JsonMapper.shared()
            .readTree(Files.readString(DEPLOY.resolve("aws-batch/compute-environment.json")))
            .path("computeResources");
    JsonNode spot = properties("SpotMachines").path("ComputeResources");
    assertThat(environment.path("allocationStrategy")).isEqualTo(spot.path("AllocationStrategy"));
    assertThat(environment.path("ec2Configuration").path(0).path("imageType"))
        .isEqualTo(spot.path("Ec2Configuration").path(0).path("ImageType"));
    JsonNode queue =
        JsonMapper.shared().readTree(Files.readString(DEPLOY.resolve("aws-batch/job-queue.json")));
    assertThat(queue.path("jobQueueName").asString())
        .isEqualTo(ofDefaultStack(properties("SpotQueue").path("JobQueueName")));
  }
}
