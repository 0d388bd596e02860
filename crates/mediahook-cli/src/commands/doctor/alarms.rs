//! The alarms, and whether somebody is told.

use std::collections::BTreeSet;

use aws_sdk_cloudwatch::types::{MetricAlarm, StateValue};

use super::Report;
use crate::aws::{Aws, call};
use crate::context::Context;
use crate::failure::Failure;

const FIX: &str = "sam deploy with AlarmEmail, and confirm AWS's first mail; or with AlarmTopicArn";

pub(super) async fn check(report: &mut Report<'_>, context: &Context) -> Result<(), Failure> {
    let (aws, stack) = (context.aws().await?, context.stack_name()?);
    let alarms = alarms_of(aws, stack).await?;
    if alarms.is_empty() {
        report.warn("alarms", "none", "sam deploy with Alarms=ENABLED");
        return Ok(());
    }
    let firing: Vec<_> = alarms
        .iter()
        .filter(|alarm| alarm.state_value == Some(StateValue::Alarm))
        .filter_map(|alarm| alarm.alarm_name())
        .collect();
    let found = if firing.is_empty() {
        format!("{} alarms, none fires", alarms.len())
    } else {
        format!("firing: {}", firing.join(", "))
    };
    report.should(firing.is_empty(), "alarms", found, "docs/operations.md has a section for each");
    let silent = alarms
        .iter()
        .filter(|alarm| alarm.alarm_actions().is_empty() || alarm.actions_enabled == Some(false))
        .count();
    if silent > 0 {
        report.warn("alarms", format!("{silent} of {} alarms tell nobody", alarms.len()), FIX);
        return Ok(());
    }
    let topics: BTreeSet<_> = alarms
        .iter()
        .flat_map(MetricAlarm::alarm_actions)
        .filter(|arn| arn.contains(":sns:"))
        .cloned()
        .collect();
    for topic in topics {
        subscribers(report, aws, &topic).await?;
    }
    Ok(())
}

/// The alarms of a stack: `STACK-ALARM-SUFFIX`. Those of `STACK-dev` have another hyphen.
async fn alarms_of(aws: &Aws, stack: &str) -> Result<Vec<MetricAlarm>, Failure> {
    let (mut alarms, mut token) = (Vec::new(), None);
    loop {
        let describe =
            aws.cloudwatch().describe_alarms().alarm_name_prefix(format!("{stack}-")).set_next_token(token);
        let page =
            call("cloudwatch:DescribeAlarms", &format!("the alarms of {stack}"), describe.send()).await?;
        let is_ours = |alarm: &MetricAlarm| {
            let name = alarm.alarm_name().and_then(|name| name.strip_prefix(stack)?.strip_prefix('-'));
            name.is_some_and(|name| name.matches('-').count() < 2)
        };
        alarms.extend(page.metric_alarms.unwrap_or_default().into_iter().filter(is_ours));
        token = page.next_token;
        if token.is_none() {
            return Ok(alarms);
        }
    }
}

async fn subscribers(report: &mut Report<'_>, aws: &Aws, topic: &str) -> Result<(), Failure> {
    let list = aws.sns().list_subscriptions_by_topic().topic_arn(topic).send();
    let answer = call("sns:ListSubscriptionsByTopic", topic, list).await?;
    let confirmed = answer
        .subscriptions()
        .iter()
        .filter(|one| one.subscription_arn().is_some_and(|arn| arn.starts_with("arn:")))
        .count();
    let pending = answer.subscriptions().len() - confirmed;
    let found = format!("{topic}: {confirmed} subscribers, {pending} that have not confirmed");
    report.should(confirmed > 0, "alarms", found, FIX);
    Ok(())
}
