//! The tables of `docs/senders.md` are made from the code; what the pages point at is there.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mediahook::senders::alibaba_ims::kind::{self as ims, Level};
use mediahook::senders::tencent_vod::kind::{self as vod, Kind, Source};
use mediahook::senders::tencent_vod::legacy;
use mediahook::senders::tencent_vod::outcome::Rule;

const HEAD: &str = "| event type | payload | subject | outcome |";
const RULE: &str = "| --- | --- | --- | --- | --- |\n";

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
        let source = match kind.source {
            Source::Listed => "SDK, in the list of event types (certain)",
            Source::Member => "SDK, in the payload's description alone (certain, spelling perhaps a slip)",
            Source::Page => "product page; the SDK calls it no longer valid (inferred)",
        };
        let event_type = kind.event_type;
        let (members, subject) = (code(kind.members), subject(kind));
        writeln!(table, "| `{event_type}` | {members} | {subject} | {outcome} | {source} |").unwrap();
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
        writeln!(table, "| `{event_type}` | `data` | {subject} | by `status` | documentation (certain) |")
            .unwrap();
    }
    table
}

fn alibaba_ims() -> String {
    let mut table = format!("{HEAD} source of the members |\n{RULE}");
    for kind in ims::KINDS {
        let source = match kind.level {
            Level::Documented => "documentation, or a real notification (certain)",
            Level::Inferred => "the ApsaraVideo VOD event of that name, or the SDK (inferred)",
            Level::NameOnly => "only the name is documented (open)",
            Level::Unconfirmed => "the name is from a public test (seen, unconfirmed)",
        };
        let event_type = kind.event_type;
        writeln!(
            table,
            "| `{event_type}` | `MessageBody` | `MediaId`, else the job | by status word | {source} |"
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

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Every page that is meant to be read.
fn pages() -> Vec<PathBuf> {
    let of_folder = |folder: &str| std::fs::read_dir(root().join(folder)).unwrap();
    let entries = of_folder(".").chain(of_folder("docs")).map(|entry| entry.unwrap().path());
    entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")).collect()
}

/// The anchors that GitHub gives to a page's headings.
pub(super) fn anchors(page: &Path) -> BTreeSet<String> {
    let text = std::fs::read_to_string(page).unwrap();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings
        .map(|line| {
            let heading = line.trim_start_matches('#').trim().to_lowercase();
            let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            kept.collect::<String>().replace(' ', "-")
        })
        .collect()
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    for page in pages() {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            if link.contains("://") {
                continue;
            }
            let (file, anchor) = link.split_once('#').map_or((link, None), |(file, a)| (file, Some(a)));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link}", page.display());
            let is_there = anchor.is_none_or(|anchor| anchors(&target).contains(anchor));
            assert!(is_there, "{}: no heading for {link}", page.display());
        }
    }
}

#[test]
fn the_tests_that_prove_the_promises_are_there() {
    let text = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let rows: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with("| promise "))
        .filter(|line| line.starts_with("| "))
        .collect();
    let mut named = 0;
    for name in rows.iter().skip(2).flat_map(|row| row.split('`')).filter(|code| code.contains("::")) {
        let (module, function) = name.split_once("::").unwrap();
        let file = root().join("tests/suite").join(module).with_extension("rs");
        let source = std::fs::read_to_string(&file).map_err(|_| name).expect("a module of the suite");
        // Some are made by a macro, which is given the name.
        assert!(source.contains(function), "{name}");
        named += 1;
    }
    assert!(named > 20, "{named}");
}
