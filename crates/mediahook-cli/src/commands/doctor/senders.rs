//! The senders: each points here, in this mode, with signing on.

use super::Report;
use crate::callback::Http;
use crate::commands::connect::{Mode, compare, wanted};
use crate::context::Context;
use crate::failure::Failure;
use crate::management::{Api, ApiOptions};
use crate::sources::{Document, Source};

pub(super) async fn check(
    document: &Document,
    only: Option<&str>,
    options: &ApiOptions,
    report: &mut Report<'_>,
    context: &Context,
) {
    if let Some(Err(failure)) = only.map(|name| document.get(name)) {
        report.not_done("sender", &failure);
    }
    for source in document.iter().filter(|source| only.is_none_or(|name| name == source.name)) {
        if let Err(failure) = one(&source, options, report, context).await {
            report.not_done("sender", &at(&source, failure));
        }
    }
}

async fn one(
    source: &Source<'_>,
    options: &ApiOptions,
    report: &mut Report<'_>,
    context: &Context,
) -> Result<(), Failure> {
    let api = Api::new(source, options, Http::new(context.options.timeout())?)?;
    let current = api.read().await?;
    // A source that takes push may be connected for pull.
    let pulls = current.get("Mode") == "PULL" || current.get("CallbackType") == "MNS";
    let mode = (pulls && source.settings.pull.is_some()).then_some(Mode::Pull);
    let wanted = wanted(source, &current, mode, None, context).await?;
    let rows = compare(source, &current, &wanted);
    let differing = rows.iter().filter(|row| row.same == Some(false));
    let differing: Vec<_> =
        differing.map(|row| format!("{} is `{}`, needed is `{}`", row.member, row.is, row.wanted)).collect();
    if differing.is_empty() {
        let unread =
            rows.iter().find(|row| row.same.is_none()).map(|row| format!(" ({} cannot be read)", row.member));
        report.ok(
            "sender",
            format!("{}: set as this stack needs it{}", source.name, unread.unwrap_or_default()),
        );
    } else {
        let mode = if mode.is_some() { " --mode pull" } else { "" };
        let fix = format!("mediahook connect {}{mode} --stack {} --yes", source.name, context.stack_name()?);
        report.fail("sender", format!("{}: {}", source.name, differing.join("; ")), fix);
    }
    Ok(())
}

fn at(source: &Source<'_>, failure: Failure) -> Failure {
    let named =
        |text: String| if text.starts_with(source.name) { text } else { format!("{}: {text}", source.name) };
    match failure {
        Failure::Failed(text) => Failure::Failed(named(text)),
        Failure::Usage(text) | Failure::Unknown(text) => Failure::Unknown(named(text)),
    }
}
