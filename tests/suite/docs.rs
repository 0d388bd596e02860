//! The tables of `docs/senders.md` are made from the code; what the pages point at is there.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use mediahook::events::event_types::known;
use mediahook_senders::alibaba::kind::Rule as AlibabaRule;
use mediahook_senders::tencent_vod::kind::{KINDS, Kind};
use mediahook_senders::tencent_vod::outcome::Rule;
use mediahook_senders::{alibaba_ims, alibaba_vod};

use crate::sender_facts::{ims_members, tencent_name, vod_event};

const NONE: &str = "–";

/// Names in their order of preference.
fn code<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(" or ")
}

/// A table has its paths in one text.
fn paths(paths: &str) -> impl Iterator<Item = &str> {
    paths.split(' ').filter(|path| !path.is_empty())
}

/// Things in their order of preference; none of them is nothing.
fn else_joined(names: impl IntoIterator<Item = String>) -> String {
    let names: Vec<_> = names.into_iter().filter(|name| !name.is_empty()).collect();
    if names.is_empty() { NONE.to_owned() } else { names.join(", else ") }
}

/// The classes of the official SDK: by it, what the code reads is certain.
struct Sdk(BTreeMap<&'static str, BTreeMap<&'static str, &'static str>>);

impl Sdk {
    fn read() -> Self {
        let lines = include_str!("../../crates/mediahook-events/tests/data/tencent-vod-sdk.txt").lines();
        let classes = lines.filter(|line| !line.starts_with('#')).map(|line| {
            let (class, members) = line.split_once(':').unwrap();
            (class, members.split(',').filter_map(|member| member.trim().split_once(' ')).collect())
        });
        Self(classes.collect())
    }

    /// The class of a kind's payload. Of the task whose event has but settings, the class of its query.
    fn class(&self, kind: &Kind) -> &'static str {
        match self.0["EventContent"][members(kind)[0]] {
            "ProcessImageAsyncTask" => "ProcessImageAsync",
            class => class,
        }
    }

    fn has(&self, class: &str, path: &str) -> bool {
        let (name, rest) = path.split_once('.').unwrap_or((path, ""));
        let (name, is_list) = (name.trim_end_matches("[]"), name.ends_with("[]"));
        let member = self.0.get(class).and_then(|members| members.get(name));
        member.is_some_and(|of| {
            of.starts_with("[]") == is_list
                && (rest.is_empty() || self.has(of.trim_start_matches("[]"), rest))
        })
    }
}

/// The names of the payload.
fn members(kind: &Kind) -> &'static [&'static str] {
    known(kind.event_type).expect("the table has only known types").1
}

/// The subject and the media asset of one Tencent event type, as both its class in the SDK and the code have them.
fn subject_and_media(sdk: &Sdk, kind: &Kind) -> (String, String) {
    let class = sdk.class(kind);
    let is_in_sdk = |path: &str| path.starts_with("MediaBasicInfo.MediaBasicInfo") || sdk.has(class, path);
    for path in [kind.about, kind.output, kind.input, kind.created].into_iter().flat_map(paths) {
        assert!(is_in_sdk(path), "{path} is not in {class}");
    }
    // The event of the type without a class of its own is read as the class of its query.
    let grade = if class == "ProcessImageAsync" { " (i)" } else { "" };
    let names = |of| {
        let of: Vec<_> = paths(of).filter(|path| sdk.has(class, path)).collect();
        if of.is_empty() { String::new() } else { format!("{}{grade}", code(of)) }
    };
    let (about, output, input) = (names(kind.about), names(kind.output), names(kind.input));
    let subject = match kind.rule {
        Rule::Cast => names("CastId"),
        _ => else_joined([about.clone(), names("TaskId")]),
    };
    let input = if input.is_empty() { input } else { format!("if failed {input}") };
    (subject, else_joined([about, output, input]))
}

/// A table with one row for the event types that have the same cells, in the order of the first of each.
fn grouped(head: &str, rows: impl Iterator<Item = (String, String)>) -> String {
    let mut groups: Vec<(String, String)> = Vec::new();
    for (event_type, cells) in rows {
        match groups.iter_mut().find(|(_, same)| *same == cells) {
            Some((event_types, _)) => write!(event_types, ", {event_type}").unwrap(),
            None => groups.push((event_type, cells)),
        }
    }
    groups
        .iter()
        .fold(head.to_owned(), |table, (event_types, cells)| format!("{table}| {event_types} | {cells} |\n"))
}

fn tencent_vod() -> String {
    let sdk = Sdk::read();
    let rows = KINDS.iter().map(|kind| {
        let outcome = match kind.rule {
            Rule::Task | Rule::Flow => "status",
            Rule::Ended => "end",
            Rule::Restored => "number (i)",
            Rule::Success => "success",
            Rule::Cast => "state (i)",
            Rule::Unlisted => unreachable!("only of types that are not in the table"),
        };
        let (subject, media) = subject_and_media(&sdk, kind);
        let event_type = format!("`{}`{}", kind.event_type, tencent_name(kind.event_type));
        (event_type, format!("{outcome} | {subject} | {media}"))
    });
    grouped("| event types | outcome | `subject` | `mediaid` |\n| --- | --- | --- | --- |\n", rows)
}

fn alibaba_outcome(rule: AlibabaRule) -> &'static str {
    match rule {
        AlibabaRule::Status => "status",
        AlibabaRule::Parts => "status, else parts",
        AlibabaRule::EndOnly => "never success",
        AlibabaRule::Started => "success is progress",
        AlibabaRule::Created => "success without status",
        AlibabaRule::Unlisted => unreachable!("only of types that are not in the table"),
    }
}

fn alibaba_ims() -> String {
    let rows = alibaba_ims::KINDS.iter().map(|kind| {
        let (event_type, outcome) = (kind.event_type, alibaba_outcome(kind.rule));
        let media = else_joined(paths(kind.media).map(|path| format!("`{path}`")));
        (format!("`{event_type}`"), format!("{outcome} | {media} | {}", ims_members(event_type)))
    });
    grouped("| event types | outcome | `mediaid` | members |\n| --- | --- | --- | --- |\n", rows)
}

fn alibaba_vod() -> String {
    let mut table = "| event type | sent when | outcome | `mediaid` | `taskid` |\n\
        | --- | --- | --- | --- | --- |\n"
        .to_owned();
    for kind in alibaba_vod::KINDS {
        let (event_type, outcome) = (kind.event_type, alibaba_outcome(kind.rule));
        let when = vod_event(event_type);
        let ids = |of| else_joined(paths(of).map(|path| format!("`{path}`")));
        let (media, task) = (ids(kind.media), ids(kind.task));
        writeln!(table, "| `{event_type}` | {when} | {outcome} | {media} | {task} |").unwrap();
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
    let expected = with_table(&expected, "alibaba-ims", &alibaba_ims());
    let expected = with_table(&expected, "alibaba-vod", &alibaba_vod());
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
        let (module, function) = name.rsplit_once("::").unwrap();
        let of = |folder: &str| {
            let module = root().join(folder).join(module.replace("::", "/"));
            std::fs::read_to_string(module.with_extension("rs"))
                .or_else(|_| std::fs::read_to_string(module.join("mod.rs")))
        };
        // Some are made by a macro, which is given the name.
        let is_in = |folder| of(folder).is_ok_and(|source| source.contains(function));
        assert!(["tests/suite", "crates/mediahook-senders/tests/suite"].into_iter().any(is_in), "{name}");
        named += 1;
    }
    assert!(named > 20, "{named}");
}
