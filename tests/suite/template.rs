//! The figures of `template.yaml` agree with one another, and with the code.

use std::collections::BTreeMap;
use std::path::Path;

use mediahook::process::budget::RESERVE;
use mediahook::process::config;

/// The template, read as far as the tests need: every scalar by its path, as in `Resources.Queue.Properties.FifoQueue`.
/// Lists are their text; comments, and lists over several lines, are passed over.
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
            path.push((indent, key));
            let mut value = value.trim().to_owned();
            if value.ends_with(">-") || value.ends_with('|') {
                value.clear();
                while let Some(more) = lines.next_if(|more| more.is_empty() || self::indent(more) > indent) {
                    value = format!("{value} {}", more.trim());
                }
            }
            let names: Vec<_> = path.iter().map(|(_, name)| *name).collect();
            scalars.insert(names.join("."), value.trim().to_owned());
        }
        Self(scalars)
    }

    pub(super) fn at(&self, path: &str) -> &str {
        self.0.get(path).ok_or(path).expect("a path in the template")
    }

    /// A figure, or the default of the parameter that stands in its place.
    pub(super) fn number(&self, path: &str) -> u64 {
        let value = self.at(path);
        let value = value
            .strip_prefix("!Ref ")
            .map_or(value, |parameter| self.at(&format!("Parameters.{parameter}.Default")));
        value.parse().map_err(|_| path).expect("a number")
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
    let queues_days = (template.number("Resources.Queue.Properties.MessageRetentionPeriod")
        + template.number("Resources.DeadLetterQueue.Properties.MessageRetentionPeriod"))
        / (24 * 60 * 60);
    let longest = queues_days + template.number("Parameters.ArchiveRetentionDays.MaxValue");
    assert!(template.number("Parameters.PayloadRetentionDays.MinValue") > longest, "a dataref outlives its data");
}

/// A sender has the address: it changes when one of these is replaced, and these are what SAM's `FunctionUrlConfig` made.
#[test]
fn the_function_url_is_the_one_that_earlier_versions_had() {
    let template = Template::read();
    let url = |property: &str| template.at(&format!("Resources.ReceiverUrl.{property}"));
    assert_eq!(url("Type"), "AWS::Lambda::Url");
    assert_eq!(url("Properties.TargetFunctionArn"), "!Ref Receiver", "an alias has another address");
    assert!(!template.0.contains_key("Resources.ReceiverUrl.Properties.Qualifier"));
    assert!(!template.0.keys().any(|path| path.contains("AutoPublishAlias")));
    for (permission, action) in [
        ("ReceiverUrlPublicPermissions", "lambda:InvokeFunctionUrl"),
        ("ReceiverURLInvokeAllowPublicAccess", "lambda:InvokeFunction"),
    ] {
        let property = |name: &str| template.at(&format!("Resources.{permission}.{name}"));
        assert_eq!([property("Properties.Action"), property("Condition")], [action, "HasUrl"]);
    }
}

/// What holds events, or protects what holds them, outlives the stack; all but the table, whose knowledge is worth an hour.
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
    assert!(resources.len() >= 12, "{resources:?}");
    for resource in resources {
        let policy = |name: &str| template.at(&format!("{resource}.{name}"));
        let policies = [policy("UpdateReplacePolicy"), policy("DeletionPolicy")];
        assert_eq!(policies, ["Retain", "RetainExceptOnCreate"], "{resource}");
    }
    assert_eq!(template.at("Resources.Table.DeletionPolicy"), "Delete");
    assert_eq!(template.at("Resources.Bucket.Properties.VersioningConfiguration.Status"), "Enabled");
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[test]
fn timeouts_lease_and_batch_agree() {
    let template = Template::read();
    let timeout = template.number("Resources.Processor.Properties.Timeout");
    let visibility = template.number("Resources.Queue.Properties.VisibilityTimeout");
    let lease_path = format!("Resources.Processor.Properties.Environment.Variables.{}", config::LEASE_S);
    let lease = template.number(&lease_path);
    assert!(visibility >= 6 * timeout, "AWS's own rule");
    assert!(lease >= timeout, "a claim must not end while an invocation can still be at work");
    // One that is made as late as can be has ended when its record comes again.
    assert!(timeout + lease <= visibility, "after a crash, a record must not meet its own claim");
    assert!(timeout >= 4 * RESERVE.as_secs(), "most of an invocation is for the handlers");
    assert_eq!(template.at(&lease_path), "!Ref ProcessorTimeout", "so that both change together");
    assert_eq!(template.number("Parameters.IdempotencyTtl.Default"), config::IDEMPOTENCY_TTL.as_secs());

    let source = "Resources.Processor.Properties.Events.Queue.Properties";
    let batch = template.number(&format!("{source}.BatchSize"));
    assert!((1..=10).contains(&batch), "what SQS hands over of a FIFO queue");
    assert_eq!(template.at(&format!("{source}.FunctionResponseTypes")), "[ReportBatchItemFailures]");
    assert!(template.number(&format!("{source}.ScalingConfig.MaximumConcurrency")) >= 2, "AWS's own rule");
    assert!(!template.0.contains_key("Resources.Processor.Properties.ReservedConcurrentExecutions"));
    assert!(template.number("Resources.Queue.Properties.RedrivePolicy.maxReceiveCount") >= 5);
}

#[test]
fn the_processor_has_all_its_variables_and_the_table_expires() {
    let template = Template::read();
    for (name, value) in [
        (config::TABLE, "!Ref Table"),
        (config::IDEMPOTENCY_TTL_S, "!Ref IdempotencyTtl"),
        (
            config::EVENT_BUS,
            "!If [PutsOnBus, !If [OwnBus, !Ref Bus, !Ref EventBusName], !Ref AWS::NoValue]",
        ),
        ("MEDIAHOOK_DESTINATION", "!If [PutsOnBus, !Ref AWS::NoValue, log]"),
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
