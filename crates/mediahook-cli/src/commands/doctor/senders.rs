//! The senders: each points here, in this mode, with signing on.

use super::Report;
use crate::callback::Http;
use crate::commands::connect::{compare, wanted};
use crate::context::Context;
use crate::failure::Failure;
use crate::management::{Api, ApiOptions};
use crate::sources::{Document, Source};

pub(super) async fn check(
    document: &Document,
    options: &ApiOptions,
    report: &mut Report<'_>,
    context: &Context,
) {
    for source in document.iter() {
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
    let wanted = wanted(source, &current, None, None, context).await?;
    let rows = compare(source, &current, &wanted);
    let differing: Vec<_> = rows.iter().filter(|row| row.same == Some(false)).collect();
    if differing.is_empty() {
        let unread =
            rows.iter().find(|row| row.same.is_none()).map(|row| format!(" ({} cannot be read)", row.member));
        report.ok(
            "sender",
            format!("{}: set as this stack needs it{}", source.name, unread.unwrap_or_default()),
        );
    }
    for row in differing {
        let found = format!("{}: {} is `{}`, needed is `{}`", source.name, row.member, row.is, row.wanted);
        report.fail("sender", found, format!("mediahook connect {} --yes", source.name));
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
