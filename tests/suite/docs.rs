//! The tables of `docs/senders.md` are made from the code.

use std::fmt::Write as _;
use std::path::Path;

use mediahook::sender::alibaba_ims::kind::{self as ims, Level};
use mediahook::sender::tencent_vod::kind::{self as vod, Depth, Kind, Source};
use mediahook::sender::tencent_vod::legacy;
use mediahook::sender::tencent_vod::outcome::Rule;

const HEAD: &str = "| event type | payload | subject | outcome | typed as | depth |";
const RULE: &str = "| --- | --- | --- | --- | --- | --- | --- |\n";

fn code<'a>(names: impl IntoIterator<Item = &'a &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

fn subject(kind: &Kind) -> String {
    let media = code(kind.media);
    match (kind.media, kind.rule) {
        (_, Rule::Stream) => "`CastId`".to_owned(),
        (["FileIdSet"], _) => "the only one of `FileIdSet`".to_owned(),
        ([], _) => "`TaskId`".to_owned(),
        (_, Rule::Success) => media,
        (_, _) if kind.one_media => format!("{media}, else `TaskId`"),
        (_, _) => format!("`TaskId`, else {media}"),
    }
}

fn tencent_vod() -> String {
    let mut table = format!("{HEAD} source of the name |\n{RULE}");
    for kind in vod::KINDS {
        let outcome = match kind.rule {
            Rule::Task => "by status",
            Rule::Ended => "at the end",
            Rule::Success => "success",
            Rule::Stream => "state",
        };
        let depth = match kind.depth {
            Depth::Deep => "deep",
            Depth::Task => "task",
        };
        let source = match kind.source {
            Source::Listed => "SDK, in the list of event types (certain)",
            Source::Member => "SDK, in the payload's description alone (certain, spelling perhaps a slip)",
            Source::Page => "product page; the SDK calls it no longer valid (inferred)",
        };
        let (event_type, class) = (kind.event_type, kind.class);
        let (members, subject) = (code(kind.members), subject(kind));
        writeln!(
            table,
            "| `{event_type}` | {members} | {subject} | {outcome} | `{class}` | {depth} | {source} |"
        )
        .unwrap();
    }
    table
}

fn tencent_vod_legacy() -> String {
    let mut table = format!("{HEAD} source |\n{RULE}");
    for event_type in legacy::TYPES {
        let subject = if event_type == "FileDeleted" {
            "the only one of `fileInfo`"
        } else {
            "`fileId`, else `vodTaskId`"
        };
        writeln!(
            table,
            "| `{event_type}` | `data` | {subject} | by `status` | `Legacy` | ids, status, error | \
             documentation (certain) |"
        )
        .unwrap();
    }
    table
}

fn alibaba_ims() -> String {
    let mut table = format!("{HEAD} source of the members |\n{RULE}");
    for kind in ims::KINDS {
        let depth = if kind.body == "Job" { "ids, status, errors" } else { "deep" };
        let source = match kind.level {
            Level::Documented => "documentation, or a real notification (certain)",
            Level::Inferred => "the ApsaraVideo VOD event of that name, or the SDK (inferred)",
            Level::NameOnly => "only the name is documented (open)",
            Level::Unconfirmed => "the name is from a public test (seen, unconfirmed)",
        };
        let (event_type, body) = (kind.event_type, kind.body);
        writeln!(
            table,
            "| `{event_type}` | `MessageBody` | `MediaId`, else the job | by status word | `{body}` | {depth} | {source} |"
        )
        .unwrap();
    }
    table
}

/// The page with a table put between its markers.
fn with_table(page: &str, marker: &str, table: &str) -> String {
    let marker = format!("<!-- {marker}: made from the code -->\n");
    let (before, rest) = page.split_once(&marker).expect("the marker is in the page");
    let (_, after) = rest.split_once("<!-- end -->").expect("it has an end");
    format!("{before}{marker}\n{table}\n<!-- end -->{after}")
}

#[test]
fn senders_md_is_what_the_code_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/senders.md");
    let page = std::fs::read_to_string(&path).unwrap();
    let expected = with_table(&page, "tencent-vod", &tencent_vod());
    let expected = with_table(&expected, "tencent-vod v2.0", &tencent_vod_legacy());
    let expected = with_table(&expected, "alibaba-ims", &alibaba_ims());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(&path, &expected).unwrap();
    } else {
        assert!(
            page == expected,
            "docs/senders.md is out of date: UPDATE_DOCS=1 cargo test --test suite docs"
        );
    }
}
