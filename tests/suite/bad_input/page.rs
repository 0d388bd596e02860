//! The page of troubles has every error and every reason.

use std::path::Path;

use mediahook::config::ConfigError;
use mediahook::ingest::envelope::NotAnEnvelope;
use mediahook::receive::Unauthorized;
use mediahook::storage::StoreError;
use mediahook_senders::BadSignature;

use super::{table, texts};

/// An error of each kind. A further kind does not compile until it is here.
fn config_errors() -> Vec<ConfigError> {
    use ConfigError::{Missing, NoSources, NotANumber, NotUtf8, Secret, Sources, Tls, Unknown, Wrong};
    let all = |error: &ConfigError| match error {
        Missing(_) | Wrong(..) | NotANumber(..) | NotUtf8(_) | Unknown(_) | NoSources | Sources(_)
        | Secret | Tls(_) => (),
    };
    let errors = vec![
        Missing("VARIABLE"),
        NotUtf8("VARIABLE".to_owned()),
        Unknown("VARIABLE".to_owned()),
        NoSources,
        Secret,
        Tls(StoreError("...".to_owned())),
    ];
    errors.iter().for_each(all);
    errors
}

/// Every reason to be unauthorized.
pub(crate) const REASONS: [Unauthorized; 11] = [
    Unauthorized::Malformed,
    Unauthorized::NotFromOrigin,
    Unauthorized::NotPost,
    Unauthorized::UnknownPath,
    Unauthorized::UnknownSource,
    Unauthorized::TakesNoPush,
    Unauthorized::WrongToken,
    Unauthorized::BadSignature(BadSignature::Missing),
    Unauthorized::BadSignature(BadSignature::Repeated),
    Unauthorized::BadSignature(BadSignature::Stale),
    Unauthorized::BadSignature(BadSignature::Wrong),
];

#[test]
fn every_error_at_start_and_every_refusal_is_on_the_page() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/troubleshooting.md"))
        .unwrap();
    let problems = [
        "expected a URL of https:// or http://, host and path alone, without a password, a query or a fragment",
        "begins with white space or an invisible character",
        "has white space or an invisible character in it",
        "ends with white space or an invisible character (a newline?)",
        "is not the URL of a FIFO queue, whose name ends in .fifo",
    ];
    let problems = problems.map(str::to_owned).into_iter();
    let errors = config_errors().into_iter().map(|error| error.to_string());
    let refusals = REASONS.iter().map(|reason| reason.as_str().to_owned());
    let not_envelopes = [NotAnEnvelope::Wrong("MEMBER"), NotAnEnvelope::ElsewhereRef];
    let not_envelopes = not_envelopes.into_iter().map(|why| why.to_string());
    // Of what a mistake in the sources document says, what is behind its last place: `a: sign_keys[0]: WHAT IS WRONG`.
    let (starts, _) = table();
    let says = starts.iter().flat_map(|row| texts(&row[2]));
    let of_sources = says.filter(|word| word.contains("vod/") || word.contains("ims/"));
    let of_sources =
        of_sources.filter_map(|word| word.rsplit_once(": ")).map(|(_, problem)| problem.to_owned());
    let missing: Vec<_> = problems
        .chain(errors)
        .chain(refusals)
        .chain(not_envelopes)
        .chain(of_sources)
        .filter(|text| !page.contains(text.as_str()))
        .collect();
    assert!(missing.is_empty(), "not on the page: {missing:#?}");
}
