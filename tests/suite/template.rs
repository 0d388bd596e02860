//! The figures of `template.yaml` agree with one another, and with the code.

use std::collections::BTreeMap;
use std::path::Path;

use mediahook::process::config;
use mediahook::receive::origin::ORIGIN_HEADER;
use mediahook::timeouts::process::RESERVE;
use mediahook_senders::SENDERS;

use super::docs::anchors;

/// The template, read as far as the tests need: every scalar by its path, as in `Resources.Queue.Properties.FifoQueue`.
/// Lists are their text; comments, and lists over several lines but for `Metrics`, are skipped.
pub(super) struct Template(pub(super) BTreeMap<String, String>);

impl Template {
    pub(super) fn read() -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml");
        let text = std::fs::read_to_string(file).unwrap();
        let mut scalars = BTreeMap::new();
        let mut path: Vec<(usize, &str)> = Vec::new();
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            let line = line.split(" #").next().unwrap_or_default().trim_end();
            let (indent, rest) = (indent(line), line.trim_start());
            let Some((key, value)) = rest.split_once(':').filter(|_| !rest.starts_with(['#', '-'])) else {
                continue;
            };
            path.retain(|(of, _)| *of < indent);
            let (key, mut value) =
                if rest.starts_with('{') { ("", rest.to_owned()) } else { (key, value.trim().to_owned()) };
            path.extend((!key.is_empty()).then_some((indent, key)));
            if value.ends_with(">-") || value.ends_with('|') || key == "Metrics" {
                value.clear();
                while let Some(more) = lines.next_if(|more| more.is_empty() || self::indent(more) > indent) {
                    value = format!("{value} {}", more.trim());
                }
            }
            let name = path.iter().map(|(_, name)| *name).collect::<Vec<_>>().join(".");
            for (key, value) in members(&value) {
                scalars.insert(format!("{name}.{key}"), value);
            }
            scalars.insert(name, value.trim().to_owned());
        }
        Self(scalars)
    }

    pub(super) fn at(&self, path: &str) -> &str {
        self.0.get(path).ok_or(path).expect("a path in the template")
    }

    /// The same template where a user gives this value to a parameter.
    pub(super) fn with(&self, parameter: &str, value: &str) -> Self {
        let mut scalars = self.0.clone();
        scalars.insert(format!("Parameters.{parameter}.Default"), value.to_owned());
        Self(scalars)
    }

    /// A figure, the default of the parameter that stands in its place, or what a mapping has for that default.
    pub(super) fn number(&self, path: &str) -> u64 {
        let value = self.chosen(self.at(path));
        let default = |parameter: &str| self.at(&format!("Parameters.{parameter}.Default"));
        let found = value.strip_prefix("!FindInMap [").and_then(|rest| rest.strip_suffix(']'));
        let value = match found.map(|list| list.split(", ").collect::<Vec<_>>()).as_deref() {
            Some([mapping, key, name]) => {
                let key = key.strip_prefix("!Ref ").map_or(*key, default);
                self.at(&format!("Mappings.{mapping}.'{key}'.{name}"))
            }
            _ => value.strip_prefix("!Ref ").map_or(value.as_str(), default),
        };
        value.parse().map_err(|_| path).expect("a number")
    }

    /// The same text with the branch of each `!If` whose condition compares one parameter with one value.
    pub(super) fn chosen(&self, text: &str) -> String {
        let Some((before, rest)) = text.split_once("!If [") else { return text.to_owned() };
        let (branches, after) = rest.split_once(']').expect("an end of the !If");
        let [condition, then, otherwise] = branches.split(", ").collect::<Vec<_>>()[..] else {
            return text.to_owned();
        };
        let compared = self.at(&format!("Conditions.{condition}"));
        let compared = compared.strip_prefix("!Equals [!Ref ").and_then(|rest| rest.strip_suffix(']'));
        let Some((parameter, value)) = compared.and_then(|compared| compared.split_once(", ")) else {
            return text.to_owned();
        };
        let holds = self.at(&format!("Parameters.{parameter}.Default")) == value;
        format!("{before}{}{}", if holds { then } else { otherwise }, self.chosen(after))
    }

    /// The values of a parameter that a user may give: those that are listed, else both ends of its range.
    pub(super) fn values_of(&self, parameter: &str) -> Vec<String> {
        let property = |name: &str| self.0.get(&format!("Parameters.{parameter}.{name}"));
        match property("AllowedValues") {
            Some(list) => list.trim_matches(['[', ']']).split(", ").map(str::to_owned).collect(),
            None => [property("MinValue"), property("MaxValue")].into_iter().flatten().cloned().collect(),
        }
    }

    /// The template as it is by default, and for each parameter with each value that a user may give to it alone.
    pub(super) fn with_each_parameter_changed() -> Vec<(String, Self)> {
        let template = Self::read();
        let types = template.0.keys().filter_map(|path| path.strip_suffix(".Type"));
        let parameters = types.filter_map(|path| path.strip_prefix("Parameters."));
        let mut all = vec![("the defaults".to_owned(), Self(template.0.clone()))];
        for parameter in parameters {
            for value in template.values_of(parameter) {
                all.push((format!("{parameter}={value}"), template.with(parameter, &value)));
            }
        }
        assert!(all.len() > 60, "{}", all.len());
        all
    }

    fn variable(&self, name: &str) -> &str {
        self.at(&format!("Resources.Processor.Properties.Environment.Variables.{name}"))
    }
}

/// A rule cannot be created on a bus that does not exist, and keeps a bus from being deleted.
#[test]
fn a_rule_that_never_fires_guards_the_bus() {
    let template = Template::read();
    let rule = |property: &str| template.at(&format!("Resources.EventBusGuard.{property}"));
    assert_eq!(rule("Type"), "AWS::Events::Rule");
    assert_eq!(rule("Condition"), "PutsOnBus");
    assert_eq!(rule("Properties.EventBusName"), "!If [OwnBus, !Ref Bus, !Ref EventBusName]");
    assert_eq!(rule("Properties.State"), "DISABLED");
    assert_eq!(rule("Properties.EventPattern.source"), "[mediahook]");
    let after_it = "!If [PutsOnBus, !Ref EventBusGuard, !Ref AWS::NoValue]";
    assert_eq!(template.variable("MEDIAHOOK_EVENT_BUS_GUARD"), after_it, "the processor is created after it");
}

/// By default every event is put on a bus with an archive, and what is archived can be read until the archive drops it.
#[test]
fn by_default_events_are_kept() {
    let template = Template::read();
    assert_eq!(template.at("Parameters.EventBus.Default"), "OWN");
    assert!(template.number("Parameters.ArchiveRetentionDays.Default") > 0);
    assert_eq!(template.at("Resources.BusArchive.Properties.SourceArn"), "!GetAtt Bus.Arn");
    assert_eq!(template.at("Resources.BusArchive.Properties.RetentionDays"), "!Ref ArchiveRetentionDays");
    for (changed, template) in Template::with_each_parameter_changed() {
        let queues_days = (template.number("Resources.Queue.Properties.MessageRetentionPeriod")
            + template.number("Resources.DeadLetterQueue.Properties.MessageRetentionPeriod"))
            / (24 * 60 * 60);
        let longest = queues_days + template.number("Parameters.ArchiveRetentionDays.Default");
        let payload = template.number("Parameters.PayloadRetentionDays.Default");
        assert!(payload > longest, "{changed}: a dataref outlives its data");
    }
}

/// Senders have the address, and an alias has another one.
#[test]
fn the_function_url_is_that_of_the_function_itself() {
    let template = Template::read();
    let url = |property: &str| template.at(&format!("Resources.ReceiverUrl.{property}"));
    assert_eq!(url("Type"), "AWS::Lambda::Url");
    assert_eq!(url("Properties.TargetFunctionArn"), "!Ref Receiver", "an alias has another address");
    assert!(!template.0.contains_key("Resources.ReceiverUrl.Properties.Qualifier"));
    assert!(!template.0.keys().any(|path| path.contains("AutoPublishAlias")));
    for (permission, action) in [
        ("ReceiverUrlPermission", "lambda:InvokeFunctionUrl"),
        ("ReceiverInvokePermission", "lambda:InvokeFunction"),
    ] {
        let property = |name: &str| template.at(&format!("Resources.{permission}.{name}"));
        assert_eq!([property("Properties.Action"), property("Condition")], [action, "HasUrl"]);
    }
}

/// What holds events, or protects what holds them, outlives the stack; all but the table, without which an event that is
/// redelivered is processed again.
#[test]
fn deleting_the_stack_deletes_no_event_and_no_key() {
    let template = Template::read();
    let retained = [
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SecretsManager::Secret",
        "AWS::Logs::LogGroup",
        "AWS::Events::EventBus",
        "AWS::Events::Archive",
    ];
    let typed = template.0.iter().filter(|(_, kind)| retained.contains(&kind.as_str()));
    let resources: Vec<_> = typed.filter_map(|(path, _)| path.strip_suffix(".Type")).collect();
    // An access log holds no event.
    let resources: Vec<_> = resources.into_iter().filter(|name| *name != "Resources.HttpApiLogs").collect();
    assert!(resources.len() >= 12, "{resources:?}");
    for resource in resources {
        let policy = |name: &str| template.at(&format!("{resource}.{name}"));
        let policies = [policy("UpdateReplacePolicy"), policy("DeletionPolicy")];
        assert_eq!(policies, ["Retain", "RetainExceptOnCreate"], "{resource}");
    }
    assert_eq!(template.at("Resources.Table.DeletionPolicy"), "Delete");
    assert_eq!(template.at("Resources.Bucket.Properties.VersioningConfiguration.Status"), "Enabled");
}

#[test]
fn every_role_has_the_boundary() {
    let template = Template::read();
    let roles = template.0.iter().filter(|(_, kind)| *kind == "AWS::IAM::Role");
    let roles: Vec<_> = roles.filter_map(|(path, _)| path.strip_suffix(".Type")).collect();
    assert_eq!(roles.len(), 4);
    for role in roles {
        let boundary = template.at(&format!("{role}.Properties.PermissionsBoundary"));
        assert_eq!(boundary, "!If [HasBoundary, !Ref PermissionsBoundary, !Ref AWS::NoValue]", "{role}");
    }
    let schedule = "Resources.Puller.Properties.Events.EveryMinute.Properties";
    assert_eq!(template.at(&format!("{schedule}.RoleArn")), "!GetAtt ScheduleRole.Arn");
}

/// `CloudFormation` replaces a managed policy whose description changes: it creates the new one, updates what depends on it,
/// and deletes the old one last. A policy in the role would be updated before the functions, which still read the old secret.
#[test]
fn while_the_secret_is_changed_the_roles_may_read_both() {
    let template = Template::read();
    let secret = "!If [OwnSecret, !GetAtt SourcesSecret.Id, !Ref SourcesSecretArn]";
    let policy = |property: &str| template.at(&format!("Resources.SourcesReadPolicy.{property}"));
    assert_eq!(policy("Type"), "AWS::IAM::ManagedPolicy");
    assert_eq!(policy("Properties.Roles"), "[!Ref ReceiverRole, !Ref PullerRole]");
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml")).unwrap();
    let (_, policy) = text.split_once("\n  SourcesReadPolicy:").unwrap();
    let policy = policy.split("\n\n").next().unwrap();
    assert_eq!(policy.matches(secret).count(), 2, "description and resource name the secret: {policy}");
    for function in ["Receiver", "Puller"] {
        assert_eq!(template.at(&format!("Resources.{function}.DependsOn")), "SourcesReadPolicy");
        let variable =
            format!("Resources.{function}.Properties.Environment.Variables.MEDIAHOOK_SOURCES_SECRET");
        assert_eq!(template.at(&variable), secret);
    }
}

/// A reader sees the system first, and can read the whole.
#[test]
fn the_template_is_short_and_the_alarms_are_last() {
    let text = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("template.yaml")).unwrap();
    assert!(text.lines().count() <= 1300, "{}", text.lines().count());
    let first_alarm = text.find("  AlarmTopic:").unwrap();
    for system in ["  Receiver:", "  Queue:", "  Puller:", "  Processor:", "  Table:", "  EventBusGuard:"] {
        assert!(text.find(system).unwrap() < first_alarm, "{system}");
    }
}

/// A function that is built for one architecture and deployed for another does not start, and every callback is answered 502.
#[test]
fn build_and_deployment_cannot_differ_in_their_architecture() {
    let template = Template::read();
    let architectures: Vec<_> =
        template.0.iter().filter(|(path, _)| path.ends_with(".Architectures")).collect();
    let [(path, value)] = architectures.as_slice() else { panic!("{architectures:?}") };
    assert_eq!(path.as_str(), "Globals.Function.Architectures");
    assert!(["[arm64]", "[x86_64]"].contains(&value.as_str()), "{value}: not known when it is built");
}

#[test]
fn every_parameter_is_in_the_table_with_its_default() {
    let template = Template::read();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/deploy.md");
    let page = std::fs::read_to_string(page).unwrap();
    let rows: Vec<Vec<_>> = page
        .lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| line.trim_matches('|').split('|').map(str::trim).collect())
        .filter(|row: &Vec<_>| row.len() == 4)
        .collect();
    let documented: Vec<(&str, &str)> = rows
        .iter()
        .flat_map(|row| {
            let names = row[0].split(", ").map(|name| name.trim_matches('`'));
            let defaults: Vec<_> = row[1].split(", ").map(|value| value.trim_matches('`')).collect();
            names.enumerate().map(move |(at, name)| (name, *defaults.get(at).unwrap_or(&defaults[0])))
        })
        .collect();
    let types = template.0.keys().filter_map(|path| path.strip_suffix(".Type"));
    let parameters: Vec<_> = types.filter_map(|path| path.strip_prefix("Parameters.")).collect();
    for parameter in &parameters {
        let default = template.at(&format!("Parameters.{parameter}.Default")).trim_matches('\'');
        assert!(
            documented.contains(&(parameter, default)),
            "{parameter} with {default} is not in docs/deploy.md"
        );
    }
    assert_eq!(documented.len(), parameters.len(), "{documented:?}");
}

/// What the web ACL does not let through is lost, and so is all that arrives with another header than the receiver reads.
#[test]
fn the_edge_passes_on_what_the_receiver_takes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let edge = std::fs::read_to_string(folder.join("template-edge.yaml")).unwrap();
    let values = |key: &str| -> Vec<String> {
        let lines = edge.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(key));
        lines.map(|value| value.trim().to_owned()).collect()
    };
    let mut passed = vec!["POST".to_owned()];
    passed.extend(SENDERS.iter().map(|sender| format!("/{}/", sender.name())));
    passed.sort();
    let mut searched = values("SearchString:");
    searched.sort();
    assert_eq!(searched, passed);
    assert_eq!(values("HeaderName:"), [ORIGIN_HEADER]);
    let anchors = anchors(&folder.join("docs/operations.md"));
    let read_on: Vec<_> =
        edge.split("docs/operations.md#").skip(1).map(|rest| rest.lines().next().unwrap()).collect();
    assert_eq!(read_on.len(), values("Type: AWS::CloudWatch::Alarm").len(), "each alarm has a section");
    for anchor in read_on {
        assert!(anchors.contains(anchor), "no section #{anchor} in docs/operations.md");
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The members of `{ Type: Number, Default: 256 }`; none of any other text.
fn members(flow: &str) -> Vec<(String, String)> {
    let Some(inside) = flow.strip_prefix("{ ").and_then(|rest| rest.strip_suffix(" }")) else {
        return Vec::new();
    };
    let (mut depth, mut quoted) = (0, false);
    let members = inside.split(|character| {
        match character {
            '\'' => quoted = !quoted,
            '[' | '{' => depth += 1,
            ']' | '}' => depth -= 1,
            _ => {}
        }
        character == ',' && depth == 0 && !quoted
    });
    let members = members.filter_map(|member| member.split_once(": "));
    members.map(|(key, value)| (key.trim().to_owned(), value.trim_matches('\'').to_owned())).collect()
}

/// What docs/process.md says holds whichever single parameter a user changes.
#[test]
fn timeouts_and_lease_agree_whichever_parameter_is_changed() {
    for (changed, template) in Template::with_each_parameter_changed() {
        let timeout = template.number("Resources.Processor.Properties.Timeout");
        let queue = |property: &str| template.number(&format!("Resources.Queue.Properties.{property}"));
        let visibility = queue("VisibilityTimeout");
        let variable = |name: &str| {
            template.number(&format!("Resources.Processor.Properties.Environment.Variables.{name}"))
        };
        let (lease, known) = (variable(config::LEASE_S), variable(config::IDEMPOTENCY_TTL_S));
        assert!(visibility >= 6 * timeout, "{changed}: AWS's own rule");
        assert!(lease >= timeout, "{changed}: a lease must not end while an invocation can still be at work");
        // One that begins as late as possible has ended when its record is redelivered.
        assert!(
            timeout + lease <= visibility,
            "{changed}: after a crash, a record must not meet its own lease"
        );
        assert!(timeout >= 4 * RESERVE.as_secs(), "{changed}: most of an invocation is for the handlers");
        assert!(known >= visibility, "{changed}: a completed event that was not deleted is redelivered");
        let receives = queue("RedrivePolicy.maxReceiveCount");
        assert!((5..=1000).contains(&receives), "{changed}");
        assert_eq!(receives, variable(config::MAX_RECEIVE_COUNT), "{changed}");
        let retention = queue("MessageRetentionPeriod");
        assert!(
            receives * visibility <= retention / 2,
            "{changed}: an event must not expire before it is a dead letter"
        );
        let puller = template.number("Resources.Puller.Properties.Timeout");
        assert!(puller < 60, "{changed}: one run has ended when the next begins");
    }
}

#[test]
fn the_batch_is_one_that_sqs_hands_over() {
    let template = Template::read();
    assert_eq!(template.number("Parameters.IdempotencyTtl.Default"), config::IDEMPOTENCY_TTL.as_secs());
    let source = "Resources.Processor.Properties.Events.Queue.Properties";
    let batch = template.number(&format!("{source}.BatchSize"));
    assert!((1..=10).contains(&batch), "what SQS hands over of a FIFO queue");
    assert_eq!(template.at(&format!("{source}.FunctionResponseTypes")), "[ReportBatchItemFailures]");
    assert!(template.number(&format!("{source}.ScalingConfig.MaximumConcurrency")) >= 2, "AWS's own rule");
    assert!(!template.0.contains_key("Resources.Processor.Properties.ReservedConcurrentExecutions"));
}

#[test]
fn the_processor_has_all_its_variables_and_the_table_expires() {
    let template = Template::read();
    for (name, value) in [
        (config::TABLE, "!Ref Table"),
        (config::IDEMPOTENCY_TTL_S, "!Ref IdempotencyTtl"),
        (config::EVENT_BUS, "!If [PutsOnBus, !If [OwnBus, !Ref Bus, !Ref EventBusName], !Ref AWS::NoValue]"),
        (config::MAX_RECEIVE_COUNT, "!Ref MaxReceiveCount"),
        (config::DEAD_LETTER_QUEUE_URL, "!Ref DeadLetterQueue"),
        (mediahook::config::BUCKET, "!Ref Bucket"),
    ] {
        assert_eq!(template.variable(name), value, "{name}");
    }
    assert_eq!(
        template.at("Resources.Queue.Properties.RedrivePolicy.maxReceiveCount"),
        "!Ref MaxReceiveCount"
    );
    let ttl = "Resources.Table.Properties.TimeToLiveSpecification";
    assert_eq!(template.at(&format!("{ttl}.AttributeName")), "expiresat");
    assert_eq!(template.at(&format!("{ttl}.Enabled")), "true");
}
