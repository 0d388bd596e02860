//! The event bus, and its archive.

use aws_sdk_eventbridge::types::ArchiveState;

use super::Report;
use crate::aws::{Kind, call};
use crate::context::Context;
use crate::failure::Failure;

pub(super) async fn check(report: &mut Report<'_>, context: &Context) -> Result<(), Failure> {
    let given = context.options.event_bus.clone();
    let Some(bus) = (match given {
        Some(bus) => Some(bus),
        None => context.output("EventBusArn").await?,
    }) else {
        report.ok("event bus", "none: the processor has a handler of its own");
        return Ok(());
    };
    let client = context.aws().await?.events();
    let described =
        match call("events:DescribeEventBus", &bus, client.describe_event_bus().name(&bus).send()).await {
            Ok(described) => described,
            Err(error) if error.kind == Kind::Missing => {
                let name = bus.rsplit('/').next().unwrap_or_default();
                let found = format!("{bus} does not exist: the processor delivers nothing");
                report.fail(
                    "event bus",
                    found,
                    format!("aws events create-event-bus --name {name}, or sam deploy"),
                );
                return Ok(());
            }
            Err(error) => return Err(error.into()),
        };
    report.ok("event bus", format!("{bus} exists"));
    let arn = described.arn.unwrap_or(bus);
    let archives =
        call("events:ListArchives", &arn, client.list_archives().event_source_arn(&arn).send()).await?;
    let archives = archives.archives.unwrap_or_default();
    let enabled = archives.iter().find(|archive| archive.state == Some(ArchiveState::Enabled));
    let found = enabled.map_or("none: an event that a consumer lost is nowhere".to_owned(), |archive| {
        format!("{} keeps the events", archive.archive_name.as_deref().unwrap_or_default())
    });
    let fix = format!(
        "aws events create-archive --archive-name mediahook --event-source-arn {arn} --event-pattern '{{\"source\":[\"mediahook\"]}}'"
    );
    report.should(enabled.is_some(), "archive", found, fix);
    Ok(())
}
